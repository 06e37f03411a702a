//go:build !qemu_select || qemu_sparc64

package sparc64

import (
	"testing"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/migration"
)

func TestSPARC64Migration(t *testing.T) {
	migration.Test(t, "sparc64", migration.Machine{Type: "sun4u"},
		qemutest.Version(">= 8.0", "the source dies of SIGFPE"))
}
