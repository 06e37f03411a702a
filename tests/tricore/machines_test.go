//go:build !qemu_select || qemu_tricore

package tricore

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestTriCoreMachines(t *testing.T) {
	machines.StartAll(t, "tricore", nil)
}
