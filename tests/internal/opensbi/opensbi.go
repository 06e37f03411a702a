// Package opensbi boots OpenSBI, which QEMU brings along for RISC-V machines.
package opensbi

import (
	"testing"

	"github.com/qemutest/functional/qemutest"
)

// Boot starts a machine with nothing but its firmware and waits until OpenSBI
// has listed the platform and the boot hart, down to the last line that it
// prints.
func Boot(t *testing.T, target, machine string) {
	q := qemutest.New(t, target,
		qemutest.Machine(machine),
		qemutest.Firmware("opensbi-"+target+"-generic-fw_dynamic.bin"))

	vm := q.VM()
	vm.Launch()
	vm.WaitFor("OpenSBI v")
	vm.WaitFor("Platform Name")
	vm.WaitFor("Boot HART ID")
	vm.WaitFor("Boot HART MEDELEG")
}
