package machine

import (
	"fmt"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Kind is a way in which a machine can end.
type Kind int

const (
	// Running is the zero value: the machine has not ended.
	Running Kind = iota

	// GuestShutdown is a guest that powered itself off: a QMP SHUTDOWN event
	// with the reason guest-shutdown.
	GuestShutdown

	// GuestExit is a guest that ended QEMU with the exit status in Exit.Status:
	// over semihosting, isa-debug-exit or sifive_test. Status 0 looks like
	// GuestShutdown where QEMU reports it as one: from the two devices, up to
	// QEMU 8.1 it does not.
	GuestExit

	// GuestReset is a guest that reset a machine started with -no-reboot.
	GuestReset

	// GuestTripleFault is the same from a triple fault: the CPU of an x86 guest
	// could not even call the handler of a double fault. QMP tells it from no
	// other reset; see the package documentation for how it is told here.
	GuestTripleFault

	// GuestPanic is a guest that reported a panic to the machine, over pvpanic
	// or the like. Also when QEMU was ended by us afterwards.
	GuestPanic

	// Quit is QEMU ended by QMP quit, sent by Shutdown or by the user of the
	// monitor.
	Quit

	// HostShutdown is QEMU ended by something else on the host that it reports
	// in Exit.Reason: host-ui, host-qmp-system-reset and so on.
	HostShutdown

	// Terminated is QEMU ended by Shutdown with SIGTERM, because there is no
	// monitor to ask.
	Terminated

	// Killed is QEMU killed by Machine.Kill.
	Killed

	// TimedOut is QEMU that did not end within the limit of a step of
	// Shutdown, or did not start within that of Launch, and that a signal of
	// ours ended.
	TimedOut

	// Exited is QEMU that exited by itself, for reasons of its own: with an
	// error, or without telling why.
	Exited

	// Signaled is QEMU that died by a signal, or ended on one, that we did not
	// send.
	Signaled

	// Aborted is QEMU that found something wrong with itself, said so in
	// Exit.Text, and aborted: a failed assertion, an error that cannot be, a
	// heap that is corrupt.
	Aborted

	// OutOfMemory is QEMU that did not get memory from the host, or that the
	// kernel killed for want of it.
	OutOfMemory

	// Sanitizer is QEMU with a report of AddressSanitizer,
	// UndefinedBehaviorSanitizer, ThreadSanitizer or one of their kin in its
	// output, however it ended.
	Sanitizer
)

var kindNames = [...]string{
	"running", "guest-shutdown", "guest-exit", "guest-reset", "guest-triple-fault", "guest-panic",
	"quit", "host-shutdown", "terminated", "killed", "timed-out", "exited", "signaled", "aborted",
	"out-of-memory", "sanitizer",
}

// String returns the kind as a word, such as "guest-shutdown".
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("Kind(%d)", int(k))
	}
	return kindNames[k]
}

// Exit says how a machine ended. It is judged from QEMU's QMP events, its wait
// status, its output, and what this process did to end it.
type Exit struct {
	Kind Kind

	// Status is QEMU's exit status, -1 if a signal ended it.
	Status int

	// Signal is the signal that QEMU died by or ended on, 0 for none.
	Signal syscall.Signal

	// Reason is that of the last QMP SHUTDOWN event (type ShutdownCause of
	// QEMU's qapi/run-state.json), "" for none.
	Reason string

	// Resets is how often the guest reset the machine.
	Resets int

	// Text is the line of QEMU's output that explains an end that is an error:
	// an assertion, the head of a sanitizer's report, or the last line.
	Text string

	// Expected says that Text is of a kind that was expected: see
	// [Config.Expected].
	Expected bool

	// Missed lists what QEMU did not do in time, such as "end within 15s of QMP
	// quit".
	Missed []string

	monitored bool // the machine had a monitor
}

// Err returns nil if the machine ended in a regular way: by its guest, by our
// doing, or, without a monitor, with status 0. Else it returns an [*ExitError].
//
// Status 0 alone proves nothing: a machine with a monitor has to have said why
// it ended. A guest that chose another status than 0 is an error too; who wants
// it looks at Kind and Status. An end that was expected is none.
func (e Exit) Err() error {
	if e.Expected {
		return nil
	}
	switch e.Kind {
	case GuestShutdown, GuestExit, GuestReset, GuestTripleFault, Quit, Terminated, Killed:
		if e.Status <= 0 {
			return nil
		}
	case Exited:
		if e.Status == 0 && !e.monitored {
			return nil
		}
	case HostShutdown:
		if e.Reason != "host-error" {
			return nil
		}
	}
	return &ExitError{Exit: e}
}

// Died reports whether QEMU itself failed, rather than its guest: it crashed,
// a sanitizer found a bug in it, it got no memory, or it hung. It did so also
// where that was expected.
func (e Exit) Died() bool {
	switch e.Kind {
	case Signaled, Aborted, OutOfMemory, Sanitizer, TimedOut:
		return true
	}
	return false
}

// String says how the machine ended in a sentence without a full stop.
func (e Exit) String() string {
	var b strings.Builder
	b.WriteString(e.summary())
	if e.Status > 0 && e.Kind != Exited && e.Kind != GuestExit {
		fmt.Fprintf(&b, ", exit status %d", e.Status)
	}
	if e.Resets > 0 && e.Kind != GuestReset && e.Kind != GuestTripleFault {
		fmt.Fprintf(&b, ", after %d guest resets", e.Resets)
	}
	if e.Expected {
		b.WriteString(", as expected")
	}
	if e.Text != "" {
		fmt.Fprintf(&b, ": %s", e.Text)
	}
	return b.String()
}

func (e Exit) summary() string {
	switch e.Kind {
	case Running:
		return "QEMU has not ended"
	case GuestShutdown:
		return "the guest powered off"
	case GuestExit:
		return fmt.Sprintf("the guest ended QEMU with exit status %d", e.Status)
	case GuestReset:
		return "the guest reset, which -no-reboot makes the end"
	case GuestTripleFault:
		return "the guest reset by a triple fault, which -no-reboot makes the end"
	case GuestPanic:
		return "the guest panicked (QMP event GUEST_PANICKED)"
	case Quit:
		return "QEMU quit as asked over QMP"
	case HostShutdown:
		return "QEMU was shut down by the host (reason " + e.Reason + ")"
	case Terminated:
		return "QEMU ended on SIGTERM, as asked"
	case Killed:
		return "QEMU was killed, as asked"
	case TimedOut:
		return "QEMU did not " + strings.Join(e.Missed, " nor ") + "; " + e.signalName() + " ended it"
	case Signaled:
		return "QEMU " + e.signaled() + ", which this process did not send"
	case Aborted:
		return "QEMU found something wrong with itself and aborted"
	case OutOfMemory:
		return e.outOfMemory()
	case Sanitizer:
		return sanitizerName(e.Text) + " found a bug in QEMU"
	}
	switch {
	case !e.monitored:
		return fmt.Sprintf("QEMU exited by itself with status %d; there was no monitor to say why", e.Status)
	case e.Reason != "":
		return fmt.Sprintf("QEMU exited with status %d (SHUTDOWN reason %s)", e.Status, e.Reason)
	}
	return fmt.Sprintf("QEMU exited by itself with status %d, no SHUTDOWN event seen", e.Status)
}

// outOfMemory says how memory was missed.
func (e Exit) outOfMemory() string {
	if e.Signal == syscall.SIGKILL {
		return "the host ran out of memory and its kernel killed QEMU"
	}
	return "QEMU got no memory from the host"
}

// signaled says what a signal did. QEMU catches some and exits with status 0.
func (e Exit) signaled() string {
	if e.Status >= 0 {
		return "ended on " + e.signalName()
	}
	return "was killed by " + e.signalName()
}

func (e Exit) signalName() string {
	if e.Signal == 0 {
		return "a signal"
	}
	return unix.SignalName(e.Signal)
}

// ExitError is the end of a machine, where it is an error: because it should
// have ended in another way, or not yet.
type ExitError struct {
	Exit Exit
}

func (e *ExitError) Error() string { return e.Exit.String() }
