//go:build linux

package agent

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// outputTime is how long the output of a command is read on after its end,
// while processes that it left behind hold it open.
const outputTime = time.Second

// outflow copies an output of a command from a pipe. After the end of the
// command it goes on until the pipe is closed; and at least until all that the
// command wrote is out, however slowly that is taken, and for outputTime.
type outflow struct {
	pipe  *os.File
	input *os.File // for the command
	w     io.Writer
	done  chan struct{} // closed when nothing more is copied

	mu     sync.Mutex
	closes time.Time // when outputTime is over; zero before the end of the command
	ended  bool      // copy knows of that end
	left   int       // bytes that were in the pipe then
}

// newOutflow begins to copy to w what is written to input. The caller closes
// that when the command has it.
func newOutflow(w io.Writer) (*outflow, error) {
	pipe, input, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	o := &outflow{pipe: pipe, input: input, w: w, done: make(chan struct{})}
	go o.copy()
	return o, nil
}

func (o *outflow) copy() {
	defer close(o.done)
	defer o.pipe.Close()
	buf := make([]byte, copySize)
	for n := 0; o.more(n); {
		var err error
		if n, err = o.pipe.Read(buf); n > 0 {
			if _, err := o.w.Write(buf[:n]); err != nil {
				return // nobody wants it: the command is told by SIGPIPE
			}
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
	}
}

// more reports whether to read on, and limits the time of that, after n bytes
// were read.
func (o *outflow) more(n int) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.closes.IsZero():
		return true
	case !o.ended: // the read was before the end, or at that time
		o.ended = true
	default:
		o.left -= n
	}
	if o.left > 0 && o.size() > 0 {
		return o.pipe.SetReadDeadline(time.Time{}) == nil
	}
	return time.Now().Before(o.closes) && o.pipe.SetReadDeadline(o.closes) == nil
}

// size returns how many bytes are in the pipe.
func (o *outflow) size() (n int) {
	if raw, err := o.pipe.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
	}
	return n
}

// end tells that the command has ended.
func (o *outflow) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.left = o.size()
	o.closes = time.Now().Add(outputTime)
	_ = o.pipe.SetReadDeadline(o.closes)
}
