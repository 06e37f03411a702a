//go:build !qemu_select || qemu_riscv32

package riscv32

import (
	"testing"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/migration"
)

func TestRISCV32SpikeMigration(t *testing.T) {
	migration.Test(t, "riscv32", migration.Machine{Type: "spike", RAM: 0x80000000},
		qemutest.Firmware("opensbi-riscv32-generic-fw_dynamic.bin"))
}

func TestRISCV32VirtMigration(t *testing.T) {
	migration.Test(t, "riscv32", migration.Machine{Type: "virt", RAM: 0x80000000},
		qemutest.Firmware("opensbi-riscv32-generic-fw_dynamic.bin"))
}
