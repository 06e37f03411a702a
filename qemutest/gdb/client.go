package gdb

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// Options adjust a client. The zero value is good for most targets.
type Options struct {
	// Log gets a line with the time for each packet in either direction.
	Log io.Writer

	// Output gets what the guest writes through the debugger (semihosting, "O"
	// packets) while it runs. Default: nothing is kept.
	Output io.Writer

	// ByteOrder is that of the registers. Default: that of the architecture in
	// the target description; for Arm little endian and for PowerPC big endian,
	// as QEMU's machines start.
	ByteOrder binary.ByteOrder

	// Target describes the registers of a stub that does not do so itself.
	// Default: the stub's own description.
	Target *Target

	// Ended is asked how the stub's process ended when the connection is
	// lost; its answer becomes part of the error. It may block for a short while
	// until that is known, and returns nil if it isn't.
	Ended func() error
}

// A Client controls one machine through its GDB stub. Its methods may be used
// by several goroutines, each call waits for the one before. Interrupt and
// Close don't wait.
type Client struct {
	options Options
	link    *link

	lock chan struct{} // holds one element while a call is in progress; guards what follows

	features features
	actions  string // reply to "vCont?"
	target   *Target
	binary   *bool // whether the stub knows the X packet; nil: not tried

	selected    Thread
	running     bool   // we resumed the machine, and have not seen its stop
	resumedBy   []byte // the packet that did it
	stop        Stop   // the latest
	breakpoints map[Breakpoint]bool
	suspended   []Breakpoint // those that a step had to do without, to be set again
	unfinished  bool         // a call gave up between its command and the reply

	mu     sync.Mutex
	broken error // why nothing works any more
}

// NewClient begins a session with the stub at the other end of conn. A machine
// that runs is stopped by that. The client owns conn from now on; it is closed
// if NewClient fails.
func NewClient(ctx context.Context, conn net.Conn, options Options) (*Client, error) {
	c := &Client{
		options:     options,
		link:        newLink(conn, options.Log),
		lock:        make(chan struct{}, 1),
		target:      options.Target,
		breakpoints: make(map[Breakpoint]bool),
	}
	if err := c.do(ctx, c.handshake); err != nil {
		conn.Close()
		return nil, fmt.Errorf("no session with the GDB stub: %w", err)
	}
	return c, nil
}

func (c *Client) handshake(x *exchange) error {
	reply, err := x.ask(asked)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	c.features = parseFeatures(reply)
	if c.features.has(featureNoAck) {
		if err := x.askOK(featureNoAck); err != nil {
			return err
		}
		c.link.noAck = true
	}
	// Why the machine stands still; QEMU also removes breakpoints that an
	// earlier session left.
	if err := x.askStop("?"); err != nil {
		return err
	}
	c.actions, err = x.ask("vCont?")
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// LastStop returns how the machine stopped the last time, which at first is
// the stub's answer to why it stands still.
func (c *Client) LastStop() Stop {
	c.lock <- struct{}{}
	defer func() { <-c.lock }()
	return c.stop
}

// CanReverse reports whether the stub offers ReverseStep and ReverseContinue.
// QEMU does when it replays a recording.
func (c *Client) CanReverse() bool {
	return c.features.has(featureReverseStep) && c.features.has(featureReverseContinue)
}

// Detach ends the session; the machine runs on. The client is closed.
func (c *Client) Detach(ctx context.Context) error {
	return c.leave(ctx, "D", "D;%x")
}

// Kill ends the stub's process: QEMU exits with status 0, whether the machine
// runs or not. The client is closed.
func (c *Client) Kill(ctx context.Context) error {
	if err := c.halt(ctx); err != nil {
		c.Close()
		return err
	}
	return c.leave(ctx, "k", "vKill;%x")
}

// leave sends the last command of a session, in the form for stubs without or with
// processes.
func (c *Client) leave(ctx context.Context, plain, ofProcess string) error {
	defer c.Close()
	err := c.do(ctx, func(x *exchange) error {
		if x.features.has(featureMultiprocess) && x.selected.Process > 0 {
			return x.askOK(fmt.Sprintf(ofProcess, x.selected.Process))
		}
		return x.askOK(plain)
	})
	// A process that was killed may not answer any more, and neither may one whose
	// machine had nothing else to do than to power off.
	var hangup *HangupError
	if errors.As(err, &hangup) {
		return nil
	}
	return err
}

// Close ends the connection. What happens to the machine is the stub's
// decision; QEMU leaves it as it is. A call in progress fails with [net.ErrClosed].
func (c *Client) Close() error {
	c.mu.Lock()
	if c.broken == nil {
		c.broken = fmt.Errorf("the GDB client is closed: %w", net.ErrClosed)
	}
	c.mu.Unlock()
	return c.link.conn.Close()
}

// fail makes err, of the connection, the end of the session. If there was one
// already, that is returned.
func (c *Client) fail(command []byte, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken != nil {
		return c.broken
	}
	hangup := &HangupError{Command: brief(command), Err: err}
	if c.options.Ended != nil && isHangup(err) {
		hangup.Ended = c.options.Ended()
	}
	c.broken = hangup
	c.link.conn.Close()
	return c.broken
}

func (c *Client) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.broken
}
