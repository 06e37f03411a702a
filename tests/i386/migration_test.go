//go:build !qemu_select || qemu_i386

package i386

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/migration"
)

func TestI386Migration(t *testing.T) {
	migration.Test(t, "i386", migration.Machine{Type: "isapc"})
}
