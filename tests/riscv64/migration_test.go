//go:build !qemu_select || qemu_riscv64

package riscv64

import (
	"testing"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/migration"
)

func TestRISCV64SpikeMigration(t *testing.T) {
	migration.Test(t, "riscv64", migration.Machine{Type: "spike", RAM: 0x80000000},
		qemutest.Firmware("opensbi-riscv64-generic-fw_dynamic.bin"))
}

func TestRISCV64VirtMigration(t *testing.T) {
	migration.Test(t, "riscv64", migration.Machine{Type: "virt", RAM: 0x80000000},
		qemutest.Firmware("opensbi-riscv64-generic-fw_dynamic.bin"))
}
