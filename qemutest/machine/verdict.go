package machine

import (
	"syscall"

	"github.com/qemutest/functional/qemutest/qmp"
)

// requests are what this process did to end a machine.
type requests struct {
	quit       bool
	terminated bool
	killed     bool
	missed     []string // what did not help in time
}

// testimony is all that is known about the end of a machine.
type testimony struct {
	status    syscall.WaitStatus
	monitored bool
	events    []qmp.Event
	requests  requests
	findings  findings

	exitDoor    bool // the guest may have a way to end QEMU with an exit status
	tripleFault bool // QEMU logged one
	oomKilled   bool // the kernel killed a process for want of memory meanwhile
}

// verdict judges how a machine ended. What says that QEMU itself is broken goes
// first, then what we did by force, then what the guest did.
func (t testimony) verdict() Exit {
	exit := Exit{Status: t.status.ExitStatus(), Missed: t.requests.missed, monitored: t.monitored}
	panicked := exit.readEvents(t.events)
	if t.status.Signaled() {
		exit.Signal = t.status.Signal()
	} else if t.findings.signal != 0 && (exit.Reason == "host-signal" || !t.monitored) {
		exit.Signal = t.findings.signal
	}
	exit.Kind = t.kind(exit, panicked)
	switch exit.Kind {
	case Sanitizer:
		exit.Text = t.findings.sanitizer
	case Signaled, Aborted, OutOfMemory, Exited, TimedOut:
		exit.Text = t.findings.fatal
		if exit.Text == "" {
			exit.Text = t.findings.last
		}
	}
	t.excuse(&exit)
	return exit
}

// excuse marks an end that a report explains which was expected. A report that
// changed nothing about a good end needs no excuse.
func (t testimony) excuse(exit *Exit) {
	switch {
	case t.findings.excused != "" && t.findings.fatal == "" && t.endedBySanitizer(*exit):
		exit.Kind, exit.Text, exit.Expected = Sanitizer, t.findings.excused, true
	case exit.Kind == Aborted, exit.Kind == OutOfMemory && exit.Signal != syscall.SIGKILL:
		exit.Expected = t.findings.expects(exit.Text)
	}
}

// endedBySanitizer reports whether an end is one that a sanitizer makes after
// its report: with a status of its own, or, with abort_on_error, by SIGABRT.
func (t testimony) endedBySanitizer(exit Exit) bool {
	switch exit.Kind {
	case Exited, GuestExit:
		return exit.Status > 0 && exit.Reason == ""
	case Signaled:
		return exit.Signal == syscall.SIGABRT
	}
	return false
}

// readEvents takes what matters from the history of QMP events.
func (e *Exit) readEvents(events []qmp.Event) (panicked bool) {
	for _, event := range events {
		var data struct {
			Guest  bool
			Reason string
			Action string
		}
		switch event.Name {
		case "SHUTDOWN":
			if event.Decode(&data) == nil {
				// With -no-shutdown there may be several: the last one
				// was the end.
				e.Reason = data.Reason
			}
		case "RESET":
			if event.Decode(&data) == nil && data.Guest {
				e.Resets++
			}
		case "GUEST_PANICKED":
			// "run" means that the user does not mind (-action panic=none).
			if event.Decode(&data) == nil && data.Action != "run" {
				panicked = true
			}
		}
	}
	return panicked
}

func (t testimony) kind(exit Exit, panicked bool) Kind {
	switch {
	case t.findings.sanitizer != "":
		return Sanitizer
	case exit.Signal != 0 && !t.sent(exit.Signal):
		return t.signaled(exit.Signal)
	case len(t.requests.missed) > 0 && (exit.Signal != 0 || exit.Reason == "host-signal"):
		return TimedOut
	case panicked:
		return GuestPanic
	case exit.Reason == "guest-panic":
		return orGuestExit(GuestPanic, exit.Status) // a failure that sifive_test is told
	case exit.Signal == syscall.SIGKILL:
		return Killed
	case exit.Reason == "guest-shutdown":
		return orGuestExit(GuestShutdown, exit.Status)
	case exit.Reason == "guest-reset" && t.tripleFault:
		return GuestTripleFault
	case exit.Reason == "guest-reset":
		return GuestReset
	case exit.Signal != 0 || exit.Reason == "host-signal" && t.requests.terminated:
		return Terminated
	case exit.Reason == "" && !t.requests.quit && t.exitDoor && !t.findings.complains:
		return GuestExit
	case exit.Status != 0 && t.findings.memory:
		return OutOfMemory
	case exit.Status != 0:
		return Exited
	case exit.Reason == "host-qmp-quit" || exit.Reason == "" && t.requests.quit:
		return Quit
	case exit.Reason == "host-signal":
		return Signaled
	case exit.Reason != "":
		return HostShutdown
	case t.requests.terminated:
		return Terminated
	default:
		return Exited
	}
}

// orGuestExit returns what an end is that QEMU reports as kind: with an exit
// status other than 0, the guest chose that.
func orGuestExit(kind Kind, status int) Kind {
	if status > 0 {
		return GuestExit
	}
	return kind
}

// signaled judges a signal that we did not send.
func (t testimony) signaled(signal syscall.Signal) Kind {
	switch {
	case signal == syscall.SIGKILL && t.oomKilled:
		return OutOfMemory
	case signal != syscall.SIGABRT && signal != syscall.SIGTRAP:
		return Signaled
	case t.findings.memory:
		return OutOfMemory
	case t.findings.fatal != "":
		return Aborted
	}
	return Signaled
}

// sent reports whether we sent a signal.
func (t testimony) sent(signal syscall.Signal) bool {
	return signal == syscall.SIGKILL && t.requests.killed || signal == syscall.SIGTERM && t.requests.terminated
}
