package console

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
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

	// Watch holds the rules by which failures are recognized from New to the
	// end, whether or not anyone waits. See [Console.Failed] and
	// [Console.Reports]; package rules has rules for many systems.
	Watch []Rule

	// Reported is called with each report that a rule of Watch has found, in
	// their order, when its last line has arrived or the console ends. It is
	// called by the goroutine that takes what the guest prints, and holds it
	// up. nil means that nobody is called.
	Reported func(Report)

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
	opts   Options
	conn   io.ReadWriteCloser
	opened time.Time

	text   *transcript
	watch  *watch
	typing chan struct{} // holds one token: the right to write to conn
	done   chan struct{} // closed when the reading goroutine has ended
	logErr error         // of the logs, once done

	closeOnce sync.Once
	closeErr  error

	mu      sync.Mutex
	cursor  int64
	closing []Line // what Tail returns once the transcript is closed
}

// New starts to record what arrives on conn, and does so until the connection
// ends or [Console.Close] is called, whether or not anyone waits for a
// pattern: a guest is never held up because the test looks elsewhere.
//
// The console owns conn from then on, also if New fails. Closing conn must
// end a blocked Read, as it does for a [net.Conn]. When conn has a
// SetWriteDeadline method, a send that is cancelled ends the write that is
// under way.
//
// The transcript lies on disk, in the file at opts.LogPath where that can
// serve. What is kept in memory does not depend on its length.
func New(conn io.ReadWriteCloser, opts Options) (*Console, error) {
	opts.Name = cmp.Or(opts.Name, "console")
	opts.LineEnding = cmp.Or(opts.LineEnding, "\r")
	opts.SendTimeout = cmp.Or(opts.SendTimeout, 30*time.Second)
	now := time.Now()
	watch, err := newWatch(opts.Watch)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", opts.Name, err), conn.Close())
	}
	rec, err := newRecorder(opts, watch, now)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: cannot open the log: %w", opts.Name, err), conn.Close())
	}
	c := &Console{
		opts:   opts,
		conn:   conn,
		opened: now,
		text:   rec.text,
		watch:  watch,
		typing: make(chan struct{}, 1),
		done:   make(chan struct{}),
	}
	c.typing <- struct{}{}
	go func() {
		defer close(c.done)
		c.logErr = rec.record(conn, c.tellReports)
	}()
	return c, nil
}

// Close ends the connection and the recording and closes the logs. Waits that
// are pending end with [ErrClosed]. What still lay unread in the connection
// is lost: to have it all, wait for [Console.Done] first. The error is that of
// the first log that could not be written.
func (c *Console) Close() error {
	c.closeOnce.Do(func() {
		err := c.conn.Close()
		if errors.Is(err, os.ErrClosed) || errors.Is(err, net.ErrClosed) {
			err = nil // closed already
		}
		<-c.done
		lines := c.tail(maxTail)
		c.mu.Lock()
		c.closing = lines
		c.mu.Unlock()
		if end := c.text.view().err; end != io.EOF {
			err = errors.Join(end, err)
		}
		c.closeErr = errors.Join(err, c.logErr, c.text.file.Close())
	})
	return c.closeErr
}

// Done returns a channel that is closed when the connection has ended and
// everything that arrived on it is in the transcript and the logs.
func (c *Console) Done() <-chan struct{} { return c.done }

// Name returns the name of the console.
func (c *Console) Name() string { return c.opts.Name }

// LogPath returns the path of the log, "" if it has no name.
func (c *Console) LogPath() string { return c.opts.LogPath }

// Size returns the length of the transcript so far, in bytes.
func (c *Console) Size() int64 { return c.text.length() }

// ReadAt reads from the transcript, as an [io.ReaderAt]. Offsets are those of
// a [Match] and of [Console.Cursor]. It ends with [io.EOF] at what has
// arrived so far.
func (c *Console) ReadAt(p []byte, offset int64) (int, error) { return c.text.ReadAt(p, offset) }

// Cursor returns the offset in the transcript at which the next wait starts
// to search.
func (c *Console) Cursor() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cursor
}

// SetCursor moves the cursor, back to search again what was searched before,
// or forth. It can't leave the transcript.
func (c *Console) SetCursor(offset int64) {
	offset = max(0, min(offset, c.Size()))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cursor = offset
}

// Mark moves the cursor to the end of what has arrived and returns it: what
// the next wait finds is new.
func (c *Console) Mark() int64 {
	end := c.Size()
	c.SetCursor(end)
	return end
}
