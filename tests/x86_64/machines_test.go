//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestX86Machines(t *testing.T) {
	machines.StartAll(t, "x86_64", nil)
}
