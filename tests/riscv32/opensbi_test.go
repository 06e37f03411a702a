//go:build !qemu_select || qemu_riscv32

package riscv32

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/opensbi"
)

func TestRISCV32OpenSBISpike(t *testing.T)   { opensbi.Boot(t, "riscv32", "spike") }
func TestRISCV32OpenSBISiFiveU(t *testing.T) { opensbi.Boot(t, "riscv32", "sifive_u") }
func TestRISCV32OpenSBIVirt(t *testing.T)    { opensbi.Boot(t, "riscv32", "virt") }
