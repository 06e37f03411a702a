package hang

import (
	"fmt"
	"time"

	"github.com/qemutest/functional/qemutest/machine"
	"github.com/qemutest/functional/qemutest/qmp"
)

// Kind is a reason why a machine does not get on.
type Kind int

const (
	// Unknown is the zero value: what was found fits none of the others. The
	// sentence tells what it was.
	Unknown Kind = iota

	// Gone is a QEMU that has ended.
	Gone

	// MainLoopStuck is a QEMU whose process is there and whose monitor does
	// not answer: it is stopped by a signal, waits for a lock or in the
	// kernel, or loops.
	MainLoopStuck

	// Stopped is a guest whose CPUs QEMU does not run: it was never started,
	// or something stopped it (QMP stop, a disk's I/O error, a watchdog, a
	// panic, a debugger, a migration).
	Stopped

	// Idle is a guest all of whose CPUs are halted: it waits for an interrupt,
	// for input, or for good.
	Idle

	// Overslept is a QEMU that did nothing as long as the wait, and whose guest
	// runs since the monitor was asked: its main loop has missed a timer, or
	// something else that came, until the question woke it.
	Overslept

	// Spinning is a guest whose busy CPUs stay within one page of code.
	Spinning

	// Busy is a guest that runs code all over the place: it needs more time,
	// or goes round in a wide circle.
	Busy

	// Overloaded is a host that kept QEMU waiting for a processor more than
	// half of the time: with enough of them, the guest would be elsewhere.
	Overloaded
)

var kindNames = [...]string{
	"unknown", "gone", "main-loop-stuck", "stopped", "idle", "overslept", "spinning", "busy", "overloaded",
}

// String returns the kind as a word, such as "main-loop-stuck".
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("Kind(%d)", int(k))
	}
	return kindNames[k]
}

// Diagnosis is why a machine does not get on, with all that was found. String
// is the sentence, [Diagnosis.Details] the rest.
type Diagnosis struct {
	Kind Kind

	// Exit is how QEMU ended, if Kind is Gone.
	Exit machine.Exit

	// NoMonitor says that the machine has none.
	NoMonitor bool

	// Silence is why the monitor did not answer, nil if it did.
	Silence error

	// Pending are the commands that QEMU had not answered when it was asked
	// for its run state.
	Pending []qmp.Pending

	// RunState is that of query-status: "running", "paused", "io-error" and
	// so on (type RunState of QEMU's qapi/run-state.json). "" if not known.
	RunState string

	// Cause is the last event that explains RunState, nil if there is none.
	Cause *qmp.Event

	// CPUs are the CPUs of the guest.
	CPUs []CPU

	// Registers is what the monitor printed for "info registers -a", at each
	// look.
	Registers []string

	// Process is what QEMU's process did during the examination.
	Process Process

	// Load is how busy the host is.
	Load Load

	// Wait is what QEMU went through since the baseline of [ExamineSince], zero
	// without one.
	Wait Spell

	ended time.Time // of the examination
}

// CPU is one CPU of the guest.
type CPU struct {
	Index  int
	Thread int      // ID of its thread on the host, 0 if not known
	PCs    []uint64 // program counter at each look, as QEMU prints it
	Halted int      // looks at which the registers said that it is halted (x86 only)
}

// Load is how busy the host is.
type Load struct {
	Average    float64 // of one minute, in processes that want to run; 0 if not known
	Processors int     // that this process may use
}

// Slowdown returns how many times longer things take with this machine because
// its host is busy: 1 if QEMU always had the processors that it wanted or if
// the host does not tell, 3 if two thirds of the wait, or of its life when there
// is no baseline, were spent waiting for one.
func (d Diagnosis) Slowdown() float64 {
	if d.Wait.Lasted > 0 {
		return d.Wait.slowdown()
	}
	return d.life().slowdown()
}

func (d Diagnosis) life() Spell { return Spell{Lasted: d.Process.Age, Lacked: d.Process.longestWait()} }
