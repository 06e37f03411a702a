//go:build !qemu_select || qemu_mips64

package mips64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestMIPS64Machines(t *testing.T) {
	machines.StartAll(t, "mips64", nil)
}
