package qmp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Options are the settings of a client. The zero value works.
type Options struct {
	// Name names the machine in the log.
	Name string

	// Log gets one line per message, see the package documentation. Each line
	// is one Write. Errors of Write are ignored. A Write that blocks delays
	// the client.
	Log io.Writer

	// Ended is called once, when QEMU's end of the connection is gone, and
	// says how QEMU ended; nil means that it isn't known, so that a clean end
	// takes an error too ("exit status 0"). It becomes part of the error of
	// every call in flight, all of which wait for it, but no longer than
	// 90 ms.
	Ended func() error

	// History is the number of events kept, 65,536 when zero. Older ones are
	// dropped. See [Client.WaitEvent].
	History int
}

// Version is the version of a QEMU.
type Version struct {
	Major, Minor, Micro int

	// Package is the text of the distribution, like
	// "Debian 1:10.0.2+ds-2+deb13u1", or "v10.0.2" for a build from git.
	Package string
}

// String returns the version as "10.0.2".
func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Micro) }

// AtLeast reports whether v is major.minor or newer.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// Greeting is QEMU's first message.
type Greeting struct {
	Version      Version
	Capabilities []string // what QEMU offers, "oob" for instance
}

// Client is a connection to the monitor of one QEMU. Its methods may be called
// from several goroutines at once. Create one with [NewClient].
type Client struct {
	conn     net.Conn
	opts     Options
	log      trafficLog
	events   history
	lines    *lineReader   // the receiver's
	greeted  chan Greeting // has room for the one greeting
	greeting Greeting
	oob      bool // out-of-band execution is enabled

	wake       chan struct{} // tells the sender to look at the queue
	done       chan struct{} // closed when err is set and all events are in
	goroutines sync.WaitGroup

	mu       sync.Mutex
	lastID   uint64
	queue    []*call // not sent yet, in the order of the calls
	inFlight []*call // sent and unanswered, in the order of sending
	writeErr error   // what ended the sender
	closed   bool    // Close was called
	err      error
}

// NewClient takes over conn, waits for QEMU's greeting, and negotiates
// capabilities: out-of-band execution where QEMU offers it. ctx bounds all of
// this; it doesn't matter afterwards. On an error conn is closed.
//
// QEMU serves one client per monitor: a second one gets no greeting.
func NewClient(ctx context.Context, conn net.Conn, opts Options) (*Client, error) {
	c := &Client{
		conn:    conn,
		opts:    opts,
		lines:   newLineReader(conn),
		greeted: make(chan Greeting, 1),
		wake:    make(chan struct{}, 1),
		done:    make(chan struct{}),
	}
	c.log.init(opts.Log, opts.Name)
	c.events.init(opts.History)
	c.goroutines.Go(c.send)
	c.goroutines.Go(c.receive)
	if err := c.negotiate(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// negotiate waits for the greeting and leaves QEMU's negotiation mode.
func (c *Client) negotiate(ctx context.Context) error {
	began := time.Now()
	select {
	case c.greeting = <-c.greeted:
	case <-c.done:
		return fmt.Errorf("expected QEMU's QMP greeting: %w", c.Err())
	case <-ctx.Done():
		return fmt.Errorf("no QMP greeting from QEMU within %v (is it stopped, or is another client connected?): %w",
			roundDuration(time.Since(began)), contextError(ctx))
	}
	oob := slices.Contains(c.greeting.Capabilities, "oob")
	var args any
	if oob {
		args = Args{"enable": []string{"oob"}}
	}
	// A client that was connected before may have left a command behind, whose
	// reply comes to us. QEMU answers in order, so once our first command, with
	// an id that can't be a small number like the others, is answered, no
	// stranger's reply can follow.
	first := &call{command: "qmp_capabilities", id: strconv.FormatInt(1<<52+rand.Int64N(1<<52), 10)}
	if _, err := c.execute(ctx, first, args); err != nil {
		return fmt.Errorf("expected to negotiate QMP capabilities: %w", err)
	}
	c.oob = oob
	return nil
}

// Greeting returns what QEMU said first.
func (c *Client) Greeting() Greeting { return c.greeting }

// Version returns the version of QEMU, from its greeting.
func (c *Client) Version() Version { return c.greeting.Version }

// Done is closed when the connection has ended, by Close or by QEMU.
// All events that QEMU sent are in the history by then.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err returns nil while the connection stands; afterwards why it ended:
// ErrClosed, a *LostError or a *ProtocolError.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the connection and waits until the client's goroutines are gone.
// Calls in flight return with ErrClosed. The event history stays readable.
// Closing twice is fine.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	err := c.conn.Close()
	c.goroutines.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Recent returns the last n messages (at most 64), and the commands that QEMU
// hasn't answered, one per line, long ones shortened: for failure messages.
func (c *Client) Recent(n int) string {
	text := c.log.recent(n)
	for _, p := range c.Pending() {
		text += fmt.Sprintf("no reply to %s since %v\n", p.Command, roundDuration(time.Since(p.Since)))
	}
	return text
}
