//go:build !qemu_select || qemu_mips

package mips

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestMIPSMachines(t *testing.T) {
	machines.StartAll(t, "mips", nil)
}
