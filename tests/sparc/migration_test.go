//go:build !qemu_select || qemu_sparc

package sparc

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/migration"
)

func TestSPARCSS4Migration(t *testing.T) {
	migration.Test(t, "sparc", migration.Machine{Type: "SS-4"})
}

func TestSPARCSS5Migration(t *testing.T) {
	migration.Test(t, "sparc", migration.Machine{Type: "SS-5"})
}
