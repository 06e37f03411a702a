package linux

import (
	"fmt"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/machine"
)

// Reboot types "reboot" at a shell, and waits until the kernel restarts the
// system and QEMU, which must run with -no-reboot, ends because of that.
func Reboot(vm *qemutest.VM) {
	vm.Exec("reboot", "reboot: Restarting system")
	if exit := vm.WaitForExit(); exit.Kind != machine.GuestReset {
		vm.Test().Check(fmt.Errorf("expected QEMU to end because the guest reset, but %s", exit))
	}
}

// Halt types "halt" at a shell, and waits until the kernel has halted the
// system and the machine, which must be one that turns itself off then, has
// ended.
func Halt(vm *qemutest.VM) {
	vm.Exec("halt", "reboot: System halted")
	if exit := vm.WaitForExit(); exit.Kind != machine.GuestShutdown {
		vm.Test().Check(fmt.Errorf("expected the machine to turn itself off, but %s", exit))
	}
}
