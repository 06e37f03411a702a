//go:build !qemu_select || qemu_riscv64

package riscv64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/opensbi"
)

func TestRISCV64OpenSBISpike(t *testing.T)   { opensbi.Boot(t, "riscv64", "spike") }
func TestRISCV64OpenSBISiFiveU(t *testing.T) { opensbi.Boot(t, "riscv64", "sifive_u") }
func TestRISCV64OpenSBIVirt(t *testing.T)    { opensbi.Boot(t, "riscv64", "virt") }
