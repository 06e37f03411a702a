//go:build !qemu_select || qemu_sparc

package sparc

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/firmware"
)

func TestSPARCFirmware(t *testing.T) {
	firmware.Run(t, "sparc",
		firmware.Boot{
			Machine: "SS-4",
			Lines:   []string{"Configuration device id QEMU", "Welcome to OpenBIOS"},
		},
		firmware.Boot{
			Machine: "SS-5",
			Lines:   []string{"Configuration device id QEMU", "Welcome to OpenBIOS"},
		},
		firmware.Boot{
			Machine: "SS-10",
			Lines:   []string{"Configuration device id QEMU", "Welcome to OpenBIOS"},
		},
		firmware.Boot{
			Machine: "SS-20",
			Lines:   []string{"Configuration device id QEMU", "Welcome to OpenBIOS"},
		},
		firmware.Boot{
			Machine: "SS-600MP",
			Lines:   []string{"Configuration device id QEMU", "Welcome to OpenBIOS"},
		},
		firmware.Boot{
			Machine: "LX",
			Lines:   []string{"Configuration device id QEMU", "Welcome to OpenBIOS"},
		},
		firmware.Boot{
			Machine: "SPARCClassic",
			Lines:   []string{"Configuration device id QEMU", "Welcome to OpenBIOS"},
		},
		firmware.Boot{
			Machine: "SPARCbook",
			Lines:   []string{"Configuration device id QEMU", "Welcome to OpenBIOS"},
		},
		firmware.Boot{
			Machine: "Voyager",
			Lines:   []string{"Configuration device id QEMU", "Welcome to OpenBIOS"},
		},
	)
}
