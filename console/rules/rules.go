// Package rules knows how systems report that something went wrong: kernels,
// firmware and boot loaders, as rules for Options.Watch of package console.
//
//	c, err := console.New(conn, console.Options{Watch: rules.Guests()})
//
// There is one table for each system. Those of guests can be watched at once: a
// machine runs several systems one after the other, and no text of one means
// something else to another.
//
// A report is fatal when the system that prints it can't do its work any more.
// It is noted when the system goes on, or when what comes next tells more: a
// soft lockup on a loaded host may pass, and a kernel without a root file
// system will panic. Rules match what only the report says, so that a command
// line with "panic=-1" or a source that is listed is no report.
//
// The table [QEMU] is for what QEMU itself writes, and package machine reads it
// with these rules.
package rules

import (
	"slices"

	"github.com/qemutest/functional/console"
)

// The kinds of reports of the guests.
const (
	KernelPanic   console.Kind = "kernel panic"   // a kernel has stopped for good
	KernelOops    console.Kind = "kernel oops"    // a fault in a kernel that may go on without the task
	KernelBug     console.Kind = "kernel bug"     // a check of the kernel on itself that it goes on after
	KernelWarning console.Kind = "kernel warning" // WARN_ON and its kin
	SoftLockup    console.Kind = "soft lockup"    // a CPU that does not schedule
	HardLockup    console.Kind = "hard lockup"    // a CPU that does not take interrupts
	RCUStall      console.Kind = "RCU stall"      // a CPU or a task that holds up RCU
	HungTask      console.Kind = "hung task"      // a task that waits for minutes
	OutOfMemory   console.Kind = "out of memory"  // the OOM killer at work

	NoRootFS       console.Kind = "no root file system"
	EmergencyShell console.Kind = "emergency shell" // userspace has given up booting
	BootFailure    console.Kind = "boot failure"    // a boot loader or firmware has nothing to boot

	FirmwareAssertion console.Kind = "firmware assertion"
	FirmwareException console.Kind = "firmware exception" // a trap that firmware does not handle
	FirmwareHang      console.Kind = "firmware hang"      // firmware that has given up and says so

	RTOSFault console.Kind = "RTOS fault" // a fatal error of a real-time system
)

// The kinds of reports of QEMU itself.
const (
	Sanitizer         console.Kind = "sanitizer report"    // AddressSanitizer, LeakSanitizer, ThreadSanitizer and so on
	UndefinedBehavior console.Kind = "undefined behavior"  // UndefinedBehaviorSanitizer
	Assertion         console.Kind = "failed assertion"    // an assertion in the source of QEMU
	InternalError     console.Kind = "internal error"      // an error that QEMU cannot go on after
	HeapCorruption    console.Kind = "memory corruption"   // the C library found heap or stack damaged
	NoHostMemory      console.Kind = "no memory from host" // the host did not give the memory that was asked for
)

// Guests returns the rules for all systems of this package that run in a
// machine.
func Guests() []console.Rule {
	return slices.Concat(Linux, UBoot, UEFI, OpenSBI, SeaBIOS, BSD, Zephyr)
}

// fatal returns rules for reports of one kind with the same end, each with a
// start of its own.
func fatal(kind console.Kind, end console.Pattern, lines int, starts ...console.Pattern) []console.Rule {
	rules := make([]console.Rule, len(starts))
	for i, start := range starts {
		rules[i] = console.Rule{Kind: kind, Start: start, End: end, Lines: lines}
	}
	return rules
}

// noted is fatal for reports that fail nothing.
func noted(kind console.Kind, end console.Pattern, lines int, starts ...console.Pattern) []console.Rule {
	rules := fatal(kind, end, lines, starts...)
	for i := range rules {
		rules[i].Noted = true
	}
	return rules
}

// The patterns of the tables, under the names that make a table readable.
var (
	text = console.Text
	expr = console.Regexp
)
