//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/migration"
)

func TestX86Migration(t *testing.T) {
	migration.Test(t, "x86_64", migration.Machine{Type: "microvm"})
}
