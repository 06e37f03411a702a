//go:build !qemu_select || qemu_i386

package i386

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/firmware"
)

func TestI386Firmware(t *testing.T) {
	firmware.Run(t, "i386",
		firmware.SeaBIOS("pc"),
		firmware.SeaBIOS("q35"),
		firmware.SeaBIOS("isapc"),
		firmware.UBoot("pc", "u-boot/qemu-x86/u-boot.rom"),
	)
}
