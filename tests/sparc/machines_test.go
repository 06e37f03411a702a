//go:build !qemu_select || qemu_sparc

package sparc

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestSPARCMachines(t *testing.T) {
	machines.StartAll(t, "sparc", machines.Exceptions{
		"leon3_generic": `Can't read bios image`,
	})
}
