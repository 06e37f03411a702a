//go:build !qemu_select || qemu_ppc

package ppc

import (
	"testing"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/migration"
)

func TestPPCMigration(t *testing.T) {
	migration.Test(t, "ppc", migration.Machine{Type: "sam460ex"},
		qemutest.Version(">= 8.0", "the destination refuses the CPU state: missing section footer"))
}
