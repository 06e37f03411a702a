//go:build !qemu_select || qemu_rx

package rx

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestRXMachines(t *testing.T) {
	machines.StartAll(t, "rx", machines.Exceptions{
		"gdbsim-r5f562n7": `No bios or kernel specified`,
		"gdbsim-r5f562n8": `No bios or kernel specified`,
	})
}
