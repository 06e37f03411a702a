package gdb

import (
	"errors"
	"fmt"
	"io"
	"syscall"
)

// ErrRunning is the error of a call that needs a stopped machine. Interrupt
// and Wait stop it.
var ErrRunning = errors.New("the machine is running: call Interrupt and Wait before anything else")

// An ErrorReply is the stub's refusal of a command. QEMU's codes are few and
// not documented; 0x14 mostly stands for a failed access, 0x22 for a malformed or
// unsupported request.
type ErrorReply struct {
	Command string // the packet that was refused, shortened
	Code    int    // 0 if Text is set
	Text    string // "E.text" replies only
}

func (e *ErrorReply) Error() string {
	if e.Text != "" {
		return fmt.Sprintf("the GDB stub refused %q: %s", e.Command, e.Text)
	}
	return fmt.Sprintf("the GDB stub refused %q with error %#02x", e.Command, e.Code)
}

// An UnsupportedError says that the stub does not know a command. It matches
// [errors.ErrUnsupported].
type UnsupportedError struct {
	Command string // the packet, shortened, or the feature
	Hint    string // what to do about it, may be empty
}

func (e *UnsupportedError) Error() string {
	text := fmt.Sprintf("the GDB stub does not support %q", e.Command)
	if e.Hint != "" {
		text += ": " + e.Hint
	}
	return text
}

// Is reports whether target is errors.ErrUnsupported.
func (e *UnsupportedError) Is(target error) bool { return target == errors.ErrUnsupported }

// A HangupError says that the session ended although nobody closed it: the stub
// hung up, or the connection is of no use any more. All later calls return
// it, too.
type HangupError struct {
	Command string // what the stub was asked to do at that time, may be empty
	Err     error  // of the connection; io.EOF if the stub closed it
	Ended   error  // what Options.Ended knows about the stub's end, or nil
}

func (e *HangupError) Error() string {
	text := "the GDB stub hung up"
	if !isHangup(e.Err) {
		text = "the connection to the GDB stub failed"
	}
	if e.Command != "" {
		text += fmt.Sprintf(" during %q", e.Command)
	}
	if e.Ended != nil {
		return text + ": " + e.Ended.Error()
	}
	return text + ": " + e.Err.Error()
}

// isHangup reports whether err is what a connection returns whose other end
// was closed.
func isHangup(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}

// Unwrap returns Ended and Err.
func (e *HangupError) Unwrap() []error {
	if e.Ended != nil {
		return []error{e.Ended, e.Err}
	}
	return []error{e.Err}
}

// A ProtocolError says that the stub's answer can't be understood.
type ProtocolError struct {
	Command string // the packet, shortened
	Reply   string // the answer, shortened
	Text    string // what was expected
}

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("the GDB stub answered %q with %q: %s", e.Command, e.Reply, e.Text)
}

// isRefusal reports whether the stub answered, but not what was asked.
func isRefusal(err error) bool {
	var refused *ErrorReply
	return errors.As(err, &refused) || errors.Is(err, errors.ErrUnsupported)
}

// brief shortens a packet for a message.
func brief(packet []byte) string {
	const most = 60
	if len(packet) <= most {
		return string(packet)
	}
	return fmt.Sprintf("%s... (%d bytes)", packet[:most], len(packet))
}
