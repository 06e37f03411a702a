//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestAarch64Machines(t *testing.T) {
	machines.StartAll(t, "aarch64", machines.ArmExceptions)
}
