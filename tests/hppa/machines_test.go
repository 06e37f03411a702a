//go:build !qemu_select || qemu_hppa

package hppa

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestHPPAMachines(t *testing.T) {
	machines.StartAll(t, "hppa", nil)
}
