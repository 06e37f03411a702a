package console

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Options say how a [Console] records, matches and sends. The zero value
// works: an unlinked temporary log, no timed log, nothing watched, text sent
// at once and lines ended by a carriage return.
type Options struct {
	// Name is what error messages call this console; "" means "console".
	Name string

	// LogPath is the file that gets every byte the guest sends, unchanged.
	// An existing file is replaced. Each read from the connection is in the
	// file before anything looks at it, so the log is complete up to the
	// last moment however the process ends. "" means a temporary file
	// without a name.
	LogPath string

	// TimedLogPath is the file that gets one line per line of the guest, with
	// the time at which its first byte arrived. "" means no such file.
	TimedLogPath string

	// StripANSI removes terminal escape sequences from the transcript, so
	// that patterns see plain text. The log at LogPath keeps them.
	StripANSI bool

	// Watch holds failure patterns that are looked for from New to the end,
	// whether or not anyone waits. See [Console.Failed].
	Watch []Pattern

	// LineEnding is what SendLine and Exec append; "" means "\r", which is
	// what the Enter key of a terminal sends.
	LineEnding string

	// Pace is the pause between two characters of a Send, for guests whose
	// UART has no flow control and drops what comes too fast. 0 means that
	// the text is sent at once.
	Pace time.Duration

	// SendTimeout limits how long one write may block because the guest does
	// not read its input; 0 means 30 s.
	SendTimeout time.Duration

	// NoEcho says that the guest does not echo what it is sent: Exec then
	// does not wait for the echo of its command.
	NoEcho bool
}

// A Console is the recorded transcript of one serial console and the way to
// type on it. Its methods may be called from several goroutines at once.
type Console struct {
	opts    Options
	conn    io.ReadWriteCloser
	started time.Time

	text  *transcript
	watch *watch
	send  chan struct{} // holds one token: the right to write to conn
	done  chan struct{} // closed when the reading goroutine has ended

	closeOnce sync.Once
	closeErr  error
}

// New starts to record what arrives on conn, and does so until the connection
// ends or [Console.Close] is called, whether or not anyone waits for a
// pattern: a guest is never held up because the test looks elsewhere.
//
// The console owns conn from then on. Closing conn must end a blocked Read,
// as it does for a [net.Conn]. When conn has a SetWriteDeadline method, a
// Send that is cancelled stops the write that is under way.
func New(conn io.ReadWriteCloser, opts Options) (*Console, error) {
	return nil, errors.New("console: not built yet")
}

// Close ends the connection and the recording and closes the logs. Waits that
// are pending end with [ErrClosed]. What still lay unread in the connection
// is lost: to have it all, wait for [Console.Done] first.
func (c *Console) Close() error { return c.closeErr }

// Done returns a channel that is closed when the connection has ended and
// everything that arrived on it is in the transcript and the logs.
func (c *Console) Done() <-chan struct{} { return c.done }

// String returns the name of the console.
func (c *Console) String() string { return fmt.Sprint(c.opts.Name) }
