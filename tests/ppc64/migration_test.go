//go:build !qemu_select || qemu_ppc64

package ppc64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/migration"
)

func TestPPC64Migration(t *testing.T) {
	migration.Test(t, "ppc64", migration.Machine{Type: "mac99"})
}
