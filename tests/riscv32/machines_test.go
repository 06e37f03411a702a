//go:build !qemu_select || qemu_riscv32

package riscv32

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestRISCV32Machines(t *testing.T) {
	machines.StartAll(t, "riscv32", machines.Exceptions{
		"sifive_u": `Unable to (load the RISC-V firmware|find)`,
		"spike":    `Unable to (load the RISC-V firmware|find)`,
		"virt":     `Unable to (load the RISC-V firmware|find)`,
	})
}
