//go:build !qemu_select || qemu_riscv64

package riscv64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/firmware"
)

func TestRISCV64Firmware(t *testing.T) {
	firmware.Run(t, "riscv64",
		firmware.UBoot("virt", "u-boot/qemu-riscv64/u-boot.bin"),
		firmware.Boot{
			Machine:   "virt",
			Name:      "OpenSBI and U-Boot",
			Firmware:  []string{"u-boot/qemu-riscv64_smode/uboot.elf"},
			Option:    "-kernel",
			Lines:     []string{"OpenSBI v", "U-Boot 20"},
			Prompt:    "=> ",
			Interrupt: "\r",
			Command:   "version",
			Answer:    "U-Boot 20",
		},
	)
}
