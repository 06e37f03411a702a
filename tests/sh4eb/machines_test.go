//go:build !qemu_select || qemu_sh4eb

package sh4eb

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestSH4EBMachines(t *testing.T) {
	machines.StartAll(t, "sh4eb", machines.Exceptions{
		"shix": `Could not load SHIX bios`,
	})
}
