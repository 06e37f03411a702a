package machine_test

import (
	"context"
	"fmt"
	"os/exec"

	"github.com/qemutest/functional/qemutest/machine"
	"github.com/qemutest/functional/qemutest/qmp"
)

// emulator returns the path of an emulator. The examples are skipped where it
// is not installed.
func emulator() string {
	path, _ := exec.LookPath("qemu-system-x86_64")
	return path
}

func ExampleLaunch() {
	ctx := context.Background()
	m, err := machine.Launch(ctx, machine.Config{Binary: emulator(), Machine: "none"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = m.Close() }()

	state, err := qmp.Call[struct{ Status string }](ctx, m.QMP(), "query-status", nil)
	fmt.Println(state.Status, err)

	exit, err := m.Shutdown(ctx)
	fmt.Println(exit, err)
	// Output:
	// running <nil>
	// QEMU quit as asked over QMP <nil>
}

func ExampleLaunchError() {
	_, err := machine.Launch(context.Background(), machine.Config{Binary: "qemu-system-nonesuch", NoConsole: true})
	fmt.Println(err)
	// Output:
	// expected QEMU to start, but exec: "qemu-system-nonesuch": executable file not found in $PATH: install it or give its path
	// command line:
	//   qemu-system-nonesuch -display none -vga none -chardev socket,id=mon,fd=3 -mon chardev=mon,mode=control
}

// A program that runs a machine until it ends by itself tells the ends apart.
func ExampleMachine_Wait() {
	ctx := context.Background()
	m, err := machine.Launch(ctx, machine.Config{Binary: emulator(), Machine: "none"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = m.Close() }()
	go func() { _, _ = m.QMP().Execute(ctx, "quit", nil) }()

	exit, err := m.Wait(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	switch exit.Kind {
	case machine.GuestShutdown, machine.GuestReset:
		fmt.Println("the guest is done")
	case machine.GuestPanic:
		fmt.Println("the guest is broken")
	case machine.Signaled, machine.Sanitizer:
		fmt.Println("QEMU is broken:", exit.Text)
	default:
		fmt.Println(exit.Kind)
	}
	// Output: quit
}

func ExampleProbe() {
	c, err := machine.Probe(context.Background(), emulator())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Target)
	fmt.Println(c.HasMachine("q35"), c.HasMachine("q3"))
	fmt.Println(c.HasDevice("virtio-net-pci,mac=52:54:00:12:34:56"))
	// Output:
	// x86_64
	// true false
	// true
}

func ExampleQuote() {
	fmt.Println(machine.Quote([]string{"qemu-system-arm", "-append", "console=ttyAMA0 quiet"}))
	// Output: qemu-system-arm -append 'console=ttyAMA0 quiet'
}
