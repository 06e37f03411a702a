package qmp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest/qmp"
)

const greeting = `{"QMP": {"version": {"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": "Debian 1:10.0.2"}, "capabilities": ["oob"]}}`

// A peer plays QEMU: a test tells it what to say and when.
type peer struct {
	t    testing.TB
	conn net.Conn
	in   *json.Decoder
}

// A request is a command as the peer got it.
type request struct {
	Execute   string          `json:"execute"`
	ExecOOB   string          `json:"exec-oob"`
	Arguments json.RawMessage `json:"arguments"`
	ID        json.RawMessage `json:"id"`
}

// newPeer returns a peer and the client's end of its connection.
func newPeer(t testing.TB) (*peer, net.Conn) {
	theirs, ours := net.Pipe()
	t.Cleanup(func() { theirs.Close(); ours.Close() })
	return &peer{t: t, conn: theirs, in: json.NewDecoder(theirs)}, ours
}

// connect returns a client that has been greeted by a peer.
func connect(t testing.TB, opts qmp.Options) (*qmp.Client, *peer) {
	t.Helper()
	p, conn := newPeer(t)
	go func() {
		p.send(greeting)
		p.reply(p.read(), `{}`)
	}()
	c, err := qmp.NewClient(within(t, time.Minute), conn, opts)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c, p
}

// send says a line. The error is that the client has gone away.
func (p *peer) send(format string, args ...any) error {
	_, err := fmt.Fprintf(p.conn, format+"\r\n", args...)
	return err
}

// read returns the next command.
func (p *peer) read() request {
	var r request
	assert.NoError(p.t, p.in.Decode(&r), "the client should send a command")
	return r
}

// reply answers a command.
func (p *peer) reply(r request, value string) {
	p.send(`{"return": %s, "id": %s}`, value, r.ID)
}

// echo answers every command with its arguments, until the connection ends.
func (p *peer) echo() {
	for {
		var r request
		if p.in.Decode(&r) != nil {
			return
		}
		if r.Arguments == nil {
			r.Arguments = json.RawMessage("{}")
		}
		p.reply(r, string(r.Arguments))
	}
}

// event says an event.
func (p *peer) event(name, data string) error {
	return p.send(`{"timestamp": {"seconds": 1258551470, "microseconds": 802384}, "event": %q, "data": %s}`, name, data)
}

// An answer is what a call returned.
type answer struct {
	value json.RawMessage
	err   error
}

// start makes a call in the background.
func start(ctx context.Context, c *qmp.Client, command string, args any) <-chan answer {
	answers := make(chan answer, 1)
	go func() {
		value, err := c.Execute(ctx, command, args)
		answers <- answer{value, err}
	}()
	return answers
}

// within returns a context that ends with the test or after d.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// socketPair returns two connected unix sockets: one to use, one to inherit.
func socketPair(t testing.TB) (*net.UnixConn, *os.File) {
	t.Helper()
	syscall.ForkLock.RLock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	require.NoError(t, err)
	ours, theirs := os.NewFile(uintptr(fds[0]), "client"), os.NewFile(uintptr(fds[1]), "peer")
	conn, err := net.FileConn(ours)
	require.NoError(t, err)
	ours.Close()
	t.Cleanup(func() { conn.Close(); theirs.Close() })
	return conn.(*net.UnixConn), theirs
}
