//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/firmware"
)

func TestX86Firmware(t *testing.T) {
	firmware.Run(t, "x86_64",
		firmware.SeaBIOS("pc"),
		firmware.SeaBIOS("q35"),
		firmware.SeaBIOS("isapc"),
		firmware.Boot{
			Machine:  "microvm,graphics=off",
			Name:     "microvm",
			Firmware: []string{"seabios/bios-microvm.bin", "bios-microvm.bin"},
			Args:     []string{"-nodefaults"},
			Lines:    []string{"SeaBIOS (version"},
		},
		firmware.UBoot("pc", "u-boot/qemu-x86_64/u-boot.rom"),
		firmware.Boot{
			Machine:  "q35",
			Name:     "UEFI",
			Firmware: ovmf,
			Option:   "pflash",
			Args:     []string{"-m", "256", "-nodefaults", "-net", "none"},
			Lines:    []string{"BdsDxe: "},
		},
	)
}
