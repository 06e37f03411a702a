//go:build !qemu_select || qemu_riscv64

package riscv64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestRISCV64Machines(t *testing.T) {
	machines.StartAll(t, "riscv64", machines.Exceptions{
		"microchip-icicle-kit": `Unable to (load the RISC-V firmware|find)`,
	})
}
