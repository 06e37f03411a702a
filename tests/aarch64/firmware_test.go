//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/firmware"
)

func TestAarch64Firmware(t *testing.T) {
	firmware.Run(t, "aarch64",
		firmware.Boot{
			Machine:  "virt",
			Name:     "UEFI",
			Firmware: []string{"AAVMF/AAVMF_CODE.fd", "qemu-efi-aarch64/QEMU_EFI.fd", "edk2/aarch64/QEMU_EFI.fd"},
			Option:   "pflash",
			Args:     []string{"-cpu", "cortex-a57", "-m", "512"},
			Lines:    []string{"UEFI firmware"},
		},
		firmware.UBoot("virt", "u-boot/qemu_arm64/u-boot.bin").With("-cpu", "cortex-a57"),
	)
}
