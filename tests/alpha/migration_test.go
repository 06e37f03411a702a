//go:build !qemu_select || qemu_alpha

package alpha

import (
	"testing"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/migration"
)

func TestAlphaMigration(t *testing.T) {
	migration.Test(t, "alpha", migration.Machine{Type: "clipper"},
		qemutest.Version(">= 8.0", "the source dies of SIGFPE"))
}
