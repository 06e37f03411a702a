//go:build !qemu_select || qemu_mipsel

package mipsel

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestMIPSELMachines(t *testing.T) {
	machines.StartAll(t, "mipsel", nil)
}
