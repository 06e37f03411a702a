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
	waitForExit(vm, machine.GuestReset)
}

// PowerOff types a command that powers the system off at a shell, such as
// "poweroff", and waits until QEMU ends because of that.
func PowerOff(vm *qemutest.VM, command string) {
	vm.Exec(command, "reboot: Power down")
	waitForExit(vm, machine.GuestShutdown)
}

func waitForExit(vm *qemutest.VM, kind machine.Kind) {
	if exit := vm.WaitForExit(); exit.Kind != kind {
		vm.Test().Check(fmt.Errorf("expected the machine to end with %s, but %s", kind, exit))
	}
}
