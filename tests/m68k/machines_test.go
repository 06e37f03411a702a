//go:build !qemu_select || qemu_m68k

package m68k

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestM68kMachines(t *testing.T) {
	machines.StartAll(t, "m68k", machines.Exceptions{
		"an5206":     `Kernel image must be specified`,
		"mcf5208evb": `Kernel image must be specified`,
		"q800":       `could not load MacROM`,
	})
}
