package linux

import "github.com/qemutest/functional/qemutest"

// noTimestamps keeps the kernel from putting the time before each of its
// messages, so that tests find texts that begin a line.
const noTimestamps = "printk.time=0"

// panicked is what the kernel prints when it panics.
const panicked = "Kernel panic - not syncing"

// A Boot is a kernel and what QEMU hands to it.
type Boot struct {
	// Kernel is the path of the kernel (-kernel).
	Kernel string
	// Initrd is the path of the initial file system (-initrd), "" for none.
	Initrd string
	// DTB is the path of the device tree (-dtb); "" for the one that QEMU
	// makes, or none.
	DTB string
	// Append is the kernel's command line (-append), without "printk.time=0",
	// which goes before it. "" passes no command line at all: the kernel or
	// the device tree has one built in.
	Append string
	// Console is the serial port that the test waits on, counted from 0.
	Console int
	// Args are further arguments for QEMU.
	Args []string
}

// CommandLine returns the kernel's command line as the kernel gets it, "" if it
// gets none.
func (b Boot) CommandLine() string {
	if b.Append == "" {
		return ""
	}
	return noTimestamps + " " + b.Append
}

// VM describes a machine that boots so, for tests that have more to say of it
// before they launch it.
func (b Boot) VM(q *qemutest.Test) *qemutest.VM {
	return q.VM(b.args()...).SetConsole(b.Console)
}

// NamedVM is [Boot.VM] for tests with several machines.
func (b Boot) NamedVM(q *qemutest.Test, name string) *qemutest.VM {
	return q.NamedVM(name, b.args()...).SetConsole(b.Console)
}

// Launch starts a machine that boots so.
func (b Boot) Launch(q *qemutest.Test) *qemutest.VM {
	vm := b.VM(q)
	vm.Launch()
	return vm
}

// CheckCommandLine starts a machine and waits until the kernel prints its command
// line, for a kernel without a root file system: the panic that it ends in for
// want of one, if it gets so far, is expected.
func (b Boot) CheckCommandLine(q *qemutest.Test) {
	vm := b.VM(q).ExpectConsole(panicked)
	vm.Launch()
	vm.WaitFor("Kernel command line: " + b.CommandLine())
}

func (b Boot) args() []string {
	var args []string
	for _, option := range []struct{ name, value string }{
		{"-kernel", b.Kernel},
		{"-initrd", b.Initrd},
		{"-dtb", b.DTB},
		{"-append", b.CommandLine()},
	} {
		if option.value != "" {
			args = append(args, option.name, option.value)
		}
	}
	return append(args, b.Args...)
}
