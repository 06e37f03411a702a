package qmp

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Error classes that QEMU distinguishes (qapi/error.json). Everything else is
// [ClassGeneric], and its description is the only information.
const (
	ClassGeneric         = "GenericError"
	ClassCommandNotFound = "CommandNotFound"
	ClassDeviceNotActive = "DeviceNotActive"
	ClassDeviceNotFound  = "DeviceNotFound"
	ClassKVMMissingCap   = "KVMMissingCap"
)

var (
	// ErrClosed is the error of every call after [Client.Close].
	ErrClosed = errors.New("the QMP client was closed by this program")

	// ErrLost is what a [LostError] is for [errors.Is]: QEMU's end of the
	// connection is gone.
	ErrLost = errors.New("QEMU's end of the QMP connection is gone")

	// ErrNoOOB is returned by [Client.ExecuteOOB] when QEMU didn't offer
	// out-of-band execution in its greeting.
	ErrNoOOB = errors.New("QEMU offers no out-of-band execution on this monitor: its chardev has to be a socket")

	// ErrEventsDropped is returned by [Client.WaitEvent] when events between
	// its cursor and the oldest event still kept were dropped.
	ErrEventsDropped = errors.New("events were dropped from the history")
)

// Error is a command that QEMU refused or failed to carry out.
type Error struct {
	// Command is the command's name, as given to Execute.
	Command string

	// Class is one of the Class constants; nearly always ClassGeneric.
	Class string

	// Desc is QEMU's text for people. Its wording changes between versions.
	Desc string
}

func (e *Error) Error() string {
	if e.Class == ClassGeneric {
		return fmt.Sprintf("QEMU refused %s: %s", e.Command, e.Desc)
	}
	return fmt.Sprintf("QEMU refused %s: %s (%s)", e.Command, e.Desc, e.Class)
}

// HMPError is a command line of [Client.HMP] that the human monitor complained
// about.
type HMPError struct {
	Line   string // the command line
	Output string // everything it printed
}

func (e *HMPError) Error() string {
	return fmt.Sprintf("the human monitor refused %q: %s", e.Line, strings.TrimSpace(e.Output))
}

// CallError is a command that got no answer: its context ended, or the
// connection was lost or closed.
//
// A command that was sent may still be carried out; its late reply is dropped
// and can't be mistaken for the reply to another command. A command that was
// not sent never will be.
type CallError struct {
	Command string
	Sent    bool          // whether QEMU was given any byte of the command
	Elapsed time.Duration // since the call began

	// Pending are the commands, sent before this one, that QEMU hasn't
	// answered either, oldest first: a stuck monitor, or a slow command.
	Pending []Pending

	// Err is the reason: context.DeadlineExceeded, context.Canceled or
	// another cause of the context; a *LostError; a *ProtocolError; ErrClosed.
	Err error
}

func (e *CallError) Error() string {
	var b strings.Builder
	elapsed := roundDuration(e.Elapsed)
	if e.Sent {
		fmt.Fprintf(&b, "QEMU gave no reply to %s within %v: %v", e.Command, elapsed, e.Err)
	} else {
		fmt.Fprintf(&b, "%s was not sent to QEMU within %v: %v", e.Command, elapsed, e.Err)
	}
	if n := len(e.Pending); n > 0 {
		oldest := e.Pending[0]
		fmt.Fprintf(&b, " (%d sent before it unanswered too, the oldest %s since %v)",
			n, oldest.Command, roundDuration(time.Since(oldest.Since)))
	}
	return b.String()
}

// Unwrap returns Err.
func (e *CallError) Unwrap() error { return e.Err }

// LostError says that QEMU's end of the connection went away. It is ErrLost
// for [errors.Is].
type LostError struct {
	// Cause is what the connection reported, [io.EOF] most of the time.
	Cause error

	// Ended is how the process ended, as told by Options.Ended; nil when that
	// isn't known.
	Ended error
}

func (e *LostError) Error() string {
	if e.Ended != nil {
		return fmt.Sprintf("QEMU closed the QMP connection: %v", e.Ended)
	}
	return fmt.Sprintf("QEMU closed the QMP connection (%v); how it ended isn't known", e.Cause)
}

// Is reports whether target is ErrLost.
func (e *LostError) Is(target error) bool { return target == ErrLost }

// Unwrap returns Cause and, where known, Ended.
func (e *LostError) Unwrap() []error {
	if e.Ended == nil {
		return []error{e.Cause}
	}
	return []error{e.Cause, e.Ended}
}

// ProtocolError is a message that isn't QMP. The connection is given up with
// it, because a reply may have been in the part that can't be read.
type ProtocolError struct {
	Offset  int64  // of the message in QEMU's output, in bytes from the connection's start
	Message string // the message, shortened
	Err     error  // what is wrong with it
}

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("QEMU sent a message that is not QMP, at byte %d: %v: %q", e.Offset, e.Err, e.Message)
}

// Unwrap returns Err.
func (e *ProtocolError) Unwrap() error { return e.Err }

// EventError is an event that didn't come.
type EventError struct {
	Want    string        // the matchers, in words
	Elapsed time.Duration // since the wait began
	Seen    []string      // names of the events that came instead, in order, without repetition
	Count   int           // how many they were

	// Err is the reason: the context's, or why the connection ended.
	Err error
}

func (e *EventError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "no event %s within %v: %v", e.Want, roundDuration(e.Elapsed), e.Err)
	switch e.Count {
	case 0:
		b.WriteString(" (no other event came)")
	default:
		fmt.Fprintf(&b, " (%d others came: %s)", e.Count, strings.Join(e.Seen, ", "))
	}
	return b.String()
}

// Unwrap returns Err.
func (e *EventError) Unwrap() error { return e.Err }

// roundDuration keeps three digits or so, which is what a reader wants.
func roundDuration(d time.Duration) time.Duration {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond)
	case d >= 10*time.Millisecond:
		return d.Round(time.Millisecond)
	default:
		return d.Round(time.Microsecond)
	}
}
