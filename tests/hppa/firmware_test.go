//go:build !qemu_select || qemu_hppa

package hppa

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/firmware"
)

func TestHPPAFirmware(t *testing.T) {
	firmware.Run(t, "hppa",
		firmware.Boot{Machine: "hppa", Lines: []string{"Firmware Version", "Processor"}},
		firmware.Boot{Machine: "C3700", Lines: []string{"SeaBIOS PA-RISC 64-bit Firmware", "Processor"}},
	)
}
