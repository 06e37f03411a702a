// Package tuxrun boots the kernels and root file systems that TuxRun publishes
// for many targets (https://tuxrun.org), all built alike: it logs in, looks
// around, and halts.
package tuxrun

import (
	"cmp"
	"fmt"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/machine"
	"github.com/qemutest/functional/tests/internal/linux"
)

// Timeout is time enough to boot a guest under TCG on two slow cores.
var Timeout = qemutest.Timeout(4 * time.Minute)

// Guest is a build of TuxRun's, and the machine that it boots on.
type Guest struct {
	Kernel *asset.Asset
	RootFS *asset.Asset // compressed image of the disk
	DTB    *asset.Asset // nil for the device tree that QEMU makes, or none

	Console string // terminal of the kernel; "ttyS0" if empty
	Port    int    // serial port of the terminal, counted from 0
	Root    string // the disk's name in the guest; "vda" if empty
	Disk    string // device model with its options: "virtio-blk-pci"

	// Halted is what the guest prints last; "reboot: System halted" if empty.
	Halted string
	// TurnsOff says that halting the guest ends the machine.
	TurnsOff bool
	// Unstable says that the guest does not stand more than a login.
	Unstable bool
	// Args are further arguments for QEMU.
	Args []string
}

// Run boots the guest from a copy of its disk, logs in, runs commands, halts
// it, and checks how the machine ended.
func (g Guest) Run(q *qemutest.Test) {
	boot := g.boot(q)
	vm := boot.Launch(q)
	if !g.Unstable {
		vm.WaitFor(boot.CommandLine())
	}
	linux.Login{Prompt: "tuxtest login:", Shell: "root@tuxtest:~#"}.Run(vm)
	if !g.Unstable {
		linux.Run(vm, "cat /proc/interrupts")
		linux.Run(vm, "cat /proc/self/maps")
		linux.Run(vm, "uname -a")
	}
	g.halt(vm)
}

func (g Guest) boot(q *qemutest.Test) linux.Boot {
	boot := linux.Boot{
		Kernel:  q.Fetch(g.Kernel),
		Append:  fmt.Sprintf("root=/dev/%s console=%s", cmp.Or(g.Root, "vda"), cmp.Or(g.Console, "ttyS0")),
		Console: g.Port,
		Args: append(g.Args,
			"-blockdev", "driver=raw,file.driver=file,file.filename="+q.Decompress(g.RootFS)+",node-name=hd0",
			"-device", g.Disk+",drive=hd0"),
	}
	if g.DTB != nil {
		boot.DTB = q.Fetch(g.DTB)
	}
	return boot
}

// halt halts the guest. The machine must end by itself if it turns off then,
// and may do so otherwise, before it is ended.
func (g Guest) halt(vm *qemutest.VM) {
	vm.Exec("halt", cmp.Or(g.Halted, "reboot: System halted"))
	if g.TurnsOff {
		exit := vm.WaitForExit()
		// Up to QEMU 8.1, a RISC-V guest ends the process, without an event.
		if exit.Kind != machine.GuestShutdown && (exit.Kind != machine.GuestExit || exit.Status != 0) {
			vm.Test().Check(fmt.Errorf("expected the machine to turn itself off, but %s", exit))
		}
		return
	}
	if exit := vm.Shutdown(); exit.Kind != machine.Quit && exit.Kind != machine.GuestShutdown {
		vm.Test().Check(fmt.Errorf("expected the halted machine to quit when it is asked, but %s", exit))
	}
}
