//go:build !qemu_select || qemu_hppa

package hppa

import (
	"testing"

	"github.com/qemutest/functional/qemutest"
)

func TestHPPASeaBIOS32(t *testing.T) {
	q := qemutest.New(t, "hppa", qemutest.Machine("B160L"))
	vm := q.VM("-no-shutdown")
	vm.Launch()
	vm.WaitFor("SeaBIOS PA-RISC 32-bit Firmware")
	vm.WaitFor("Emulated machine:     HP B160L (32-bit")
}

func TestHPPASeaBIOS64(t *testing.T) {
	q := qemutest.New(t, "hppa", qemutest.Machine("A400"))
	vm := q.VM("-no-shutdown")
	vm.Launch()
	vm.WaitFor("SeaBIOS PA-RISC 64-bit Firmware")
	vm.WaitFor("Emulated machine:     HP A400 (64-bit")
}
