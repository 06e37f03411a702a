//go:build !qemu_select || qemu_i386

package i386

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/firmware"
)

func TestI386Firmware(t *testing.T) {
	firmware.Run(t, "i386",
		firmware.Boot{
			Machine: "pc,graphics=off",
			Args:    []string{"-nodefaults"},
			Lines:   []string{"SeaBIOS (version", "No bootable device"},
		},
		firmware.Boot{
			Machine: "q35,graphics=off",
			Args:    []string{"-nodefaults"},
			Lines:   []string{"SeaBIOS (version", "No bootable device"},
		},
		firmware.Boot{
			Machine: "isapc,graphics=off",
			Args:    []string{"-nodefaults"},
			Lines:   []string{"SeaBIOS (version", "No bootable device"},
		},
		firmware.UBoot("pc", "u-boot/qemu-x86/u-boot.rom"),
	)
}
