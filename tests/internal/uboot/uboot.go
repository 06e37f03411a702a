// Package uboot types commands at U-Boot's prompt.
//
//	uboot.StopAutoboot(vm, "=>")
//	uboot.Run(vm, "=>", `setenv bootargs "${bootargs} printk.time=0"`)
//	vm.Exec("boot", "Linux version ")
package uboot

import (
	"time"

	"github.com/qemutest/functional/qemutest"
)

// StopAutoboot waits until U-Boot counts down and stops it, up to the prompt.
func StopAutoboot(vm *qemutest.VM, prompt string) {
	vm.WaitFor("Hit any key to stop autoboot")
	Interrupt(vm, prompt)
}

// Interrupt stops a U-Boot that may or may not count down yet, up to the
// prompt. It presses Enter: at the prompt, that does no harm.
func Interrupt(vm *qemutest.VM, prompt string) {
	vm.InterruptUntil("\r", 500*time.Millisecond, prompt)
}

// Run types commands that return to the prompt. What they achieve, later steps
// of the test have to show.
func Run(vm *qemutest.VM, prompt string, commands ...string) {
	for _, command := range commands {
		vm.Exec(command, prompt, "Unknown command")
	}
}
