//go:build !qemu_select || qemu_i386

package i386

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestI386Machines(t *testing.T) {
	machines.StartAll(t, "i386", nil)
}
