//go:build !qemu_select || qemu_ppc64

package ppc64

import (
	"testing"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/firmware"
)

func TestPPC64Firmware(t *testing.T) {
	firmware.Run(t, "ppc64",
		firmware.Boot{
			Machine: "pseries",
			Args:    []string{"-nodefaults"},
			Lines:   []string{"SLOF", "QEMU Starting"},
		},
		firmware.Boot{
			Machine: "powernv8",
			Args:    []string{"-nodefaults"},
			Lines:   []string{"OPAL v", "INIT: Waiting for kernel"},
		},
		firmware.Boot{
			Machine: "powernv9",
			Args:    []string{"-nodefaults"},
			Lines:   []string{"OPAL v", "INIT: Waiting for kernel"},
		},
		firmware.Boot{
			Machine: "powernv10",
			Args:    []string{"-nodefaults"},
			Lines:   []string{"OPAL v", "INIT: Waiting for kernel"},
		},
		firmware.OpenBIOS("mac99", ">> OpenBIOS 1.1"),
		firmware.UBoot("ppce500").Requiring(qemutest.Firmware("u-boot.e500")),
	)
}
