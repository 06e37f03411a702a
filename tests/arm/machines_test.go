//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestArmMachines(t *testing.T) {
	machines.StartAll(t, "arm", machines.Exceptions{
		"canon-a1100": `Couldn't find rom image`,
		"cheetah":     `Kernel or ROM image must be specified`,
		"connex":      `A flash image must be given`,
		"sx1":         `Kernel or Flash image must be specified`,
		"sx1-v1":      `Kernel or Flash image must be specified`,
		"verdex":      `A flash image must be given`,
	})
}
