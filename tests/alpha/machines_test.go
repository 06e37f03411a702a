//go:build !qemu_select || qemu_alpha

package alpha

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestAlphaMachines(t *testing.T) {
	machines.StartAll(t, "alpha", nil)
}
