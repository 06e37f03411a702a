//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/firmware"
)

func TestArmFirmware(t *testing.T) {
	firmware.Run(t, "arm",
		firmware.Boot{
			Machine:  "virt",
			Name:     "UEFI",
			Firmware: []string{"AAVMF/AAVMF32_CODE.fd", "qemu-efi-arm/QEMU_EFI.fd"},
			Option:   "pflash",
			Args:     []string{"-m", "512"},
			Lines:    []string{"UEFI firmware"},
		},
		firmware.UBoot("virt", "u-boot/qemu_arm/u-boot.bin"),
	)
}
