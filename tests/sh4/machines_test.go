//go:build !qemu_select || qemu_sh4

package sh4

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestSH4Machines(t *testing.T) {
	machines.StartAll(t, "sh4", machines.Exceptions{
		"shix": `Could not load SHIX bios`,
	})
}
