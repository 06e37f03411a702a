// Package firmware boots machines with nothing but firmware, QEMU's own or a
// distribution's.
package firmware

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/machine"
)

// A Boot is a machine and the lines that its firmware prints on the console.
type Boot struct {
	// Machine is the machine type, with its options.
	Machine string
	// Name tells boots of the same machine type apart; the machine type
	// without options if empty.
	Name string
	// Args follow the machine type on QEMU's command line.
	Args []string
	// Firmware names the file that the machine boots, in the places where
	// distributions put it; see [qemutest.Firmware]. Empty means what QEMU
	// chooses by itself.
	Firmware []string
	// Option is how QEMU is given Firmware: -bios if empty, or -kernel, or
	// "pflash" for the first flash drive of the machine.
	Option string
	// Lines are texts on the console, in this order.
	Lines []string
	// Prompt, if set, is where the firmware waits for a command. Command is
	// typed then, and must be answered with Answer.
	Prompt, Command, Answer string
	// Interrupt is typed until the prompt appears, at firmware that waits for
	// a key before it boots something else.
	Interrupt string
	// Ends are the ends of the machine, while it is looked at, that are right.
	Ends []machine.Kind
	// Requirements are what else the boot needs.
	Requirements []qemutest.Requirement
}

// interruptEvery is shorter than any countdown of a boot loader.
const interruptEvery = 200 * time.Millisecond

// SeaBIOS returns the boot of a PC that finds nothing to boot from.
func SeaBIOS(machineType string) Boot {
	return Boot{
		Machine: machineType + ",graphics=off",
		Args:    []string{"-nodefaults"},
		Lines:   []string{"SeaBIOS (version", "No bootable device"},
	}
}

// UBoot returns the boot of a machine with U-Boot, up to the answer to a command.
func UBoot(machineType string, firmware ...string) Boot {
	return Boot{
		Machine:   machineType,
		Name:      "U-Boot",
		Firmware:  firmware,
		Lines:     []string{"U-Boot 20"},
		Prompt:    "=> ",
		Interrupt: "\r",
		Command:   "version",
		Answer:    "U-Boot 20",
	}
}

// OpenBIOS returns the boot of a machine whose OpenBIOS prints banner, up to the
// answer to a sum in Forth. Without graphics it reads its commands from the
// serial port, not from a keyboard.
func OpenBIOS(machineType, banner string) Boot {
	return Boot{
		Machine: machineType + ",graphics=off",
		Lines:   []string{banner},
		Prompt:  "0 > ",
		Command: "3 4 + .",
		Answer:  "7  ok",
	}
}

// Requiring adds requirements to a boot, such as the firmware that a machine
// type boots by itself and that not every QEMU brings along.
func (b Boot) Requiring(requirements ...qemutest.Requirement) Boot {
	b.Requirements = append(slices.Clip(b.Requirements), requirements...)
	return b
}

// With adds arguments to a boot.
func (b Boot) With(args ...string) Boot {
	b.Args = append(slices.Clip(b.Args), args...)
	return b
}

// Run boots each machine in a subtest.
func Run(t *testing.T, target string, boots ...Boot) {
	for _, boot := range boots {
		machineType, _, _ := strings.Cut(boot.Machine, ",")
		t.Run(cmp.Or(boot.Name, machineType), func(t *testing.T) { boot.run(t, target) })
	}
}

func (b *Boot) run(t *testing.T, target string) {
	requirements := append([]qemutest.Requirement{qemutest.Machine(b.Machine)}, b.Requirements...)
	if len(b.Firmware) > 0 {
		requirements = append(requirements, qemutest.Firmware(b.Firmware...))
	}
	q := qemutest.New(t, target, requirements...)

	vm := q.VM(b.Args...).ExpectExit(b.Ends...)
	if len(b.Firmware) > 0 {
		path := q.Firmware(b.Firmware...)
		if b.Option == "pflash" {
			vm.AddArgs("-drive", "if=pflash,format=raw,readonly=on,file="+path)
		} else {
			vm.AddArgs(cmp.Or(b.Option, "-bios"), path)
		}
	}
	vm.Launch()
	for _, line := range b.Lines {
		vm.WaitFor(line)
	}
	if b.Prompt == "" {
		return
	}
	if b.Interrupt != "" {
		vm.InterruptUntil(b.Interrupt, interruptEvery, b.Prompt)
	} else {
		vm.WaitFor(b.Prompt)
	}
	vm.Exec(b.Command, b.Answer)
}
