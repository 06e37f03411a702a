//go:build !qemu_select || qemu_sparc64

package sparc64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/firmware"
)

func TestSPARC64Firmware(t *testing.T) {
	firmware.Run(t, "sparc64",
		firmware.OpenBIOS("sun4u", "OpenBIOS for Sparc64"),
	)
}
