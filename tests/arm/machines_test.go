//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestArmMachines(t *testing.T) {
	machines.StartAll(t, "arm", machines.ArmExceptions)
}
