//go:build !qemu_select || qemu_alpha

package alpha

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/firmware"
)

func TestAlphaFirmware(t *testing.T) {
	firmware.Run(t, "alpha",
		firmware.Boot{Machine: "clipper", Lines: []string{"PCI: 00:", ">>> "}},
	)
}
