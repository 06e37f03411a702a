//go:build !qemu_select || qemu_sparc64

package sparc64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestSPARC64Machines(t *testing.T) {
	machines.StartAll(t, "sparc64", machines.Exceptions{
		"niagara": `nvram1`,
	})
}
