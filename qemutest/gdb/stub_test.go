package gdb

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A stub is a scripted peer: a GDB stub that answers what a test tells it to.
type stub struct {
	t    *testing.T
	conn net.Conn

	mu       sync.Mutex
	answers  map[string][]string // by command; a prefix counts if there is no exact match
	received []string

	silent chan struct{} // gets an element for each answer that isn't sent
	noAck  bool
	refuse int // so many packets are asked for again before one is accepted
	// tamper may change the bytes of an answer on their way. The command is
	// "resend" when the client asked for the answer again.
	tamper func(command, frame string) string
}

// silence is an answer that isn't sent.
const silence = "\x00"

// newStub starts a stub. The answers to the handshake are those of QEMU 10.0,
// unless the script has its own.
func newStub(t *testing.T, script map[string][]string) (*stub, net.Conn) {
	t.Helper()
	ours, theirs := socketPair(t)
	s := &stub{t: t, conn: theirs, silent: make(chan struct{}, 100), answers: map[string][]string{
		"qSupported": {"PacketSize=1000;qXfer:features:read+;vContSupported+;multiprocess+"},
		"?":          {"T05thread:p01.01;"},
		"vCont?":     {"vCont;c;C;s;S"},
	}}
	for command, answers := range script {
		s.answers[command] = answers
	}
	return s, ours
}

// attach serves the stub and returns a client of it.
func (s *stub) attach(conn net.Conn, options Options) *Client {
	s.t.Helper()
	go s.serve()
	c, err := NewClient(s.t.Context(), conn, options)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { c.Close() })
	return c
}

// attachStub is newStub and attach in one.
func attachStub(t *testing.T, script map[string][]string) (*Client, *stub) {
	t.Helper()
	s, conn := newStub(t, script)
	return s.attach(conn, Options{}), s
}

func (s *stub) serve() {
	var d decoder
	var last string
	buf := make([]byte, 4096)
	for {
		n, err := s.conn.Read(buf)
		if err != nil {
			return
		}
		for _, b := range buf[:n] {
			if b == interrupt && d.state == betweenFrames {
				s.note("interrupt")
				last = s.answer("interrupt")
				continue
			}
			f, ok := d.push(b)
			switch {
			case !ok:
			case f.kind == frameNak:
				s.note("resend")
				s.send("resend", last)
			case f.kind == framePacket && s.refuse > 0:
				s.refuse--
				s.write("-")
			case f.kind == framePacket:
				s.note(string(f.payload))
				if !s.noAck {
					s.write("+")
				}
				if string(f.payload) == featureNoAck {
					s.noAck = true
				}
				last = s.answer(string(f.payload))
			}
		}
	}
}

// whenSilent returns a context that ends with cause when the stub does not
// answer a command.
func (s *stub) whenSilent(cause error) context.Context {
	ctx, cancel := context.WithCancelCause(s.t.Context())
	go func() {
		<-s.silent
		cancel(cause)
	}()
	return ctx
}

// answer sends the next answer to a command; the last one in the script is
// given for ever. Lines are separate packets.
func (s *stub) answer(command string) (frame string) {
	switch answer := s.next(command); answer {
	case silence:
		s.silent <- struct{}{}
	case "hang up":
		s.conn.Close()
	default:
		for _, packet := range strings.Split(answer, "\n") {
			frame = framed(packet)
			s.send(command, frame)
		}
	}
	return frame
}

// next takes an answer off the script: of the longest entry with which the
// command begins.
func (s *stub) next(command string) (answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	best := ""
	for key := range s.answers {
		if strings.HasPrefix(command, key) && len(key) > len(best) {
			best = key
		}
	}
	list := s.answers[best]
	if len(list) == 0 {
		return ""
	}
	if len(list) > 1 {
		s.answers[best] = list[1:]
	}
	return list[0]
}

func (s *stub) send(command, frame string) {
	if s.tamper != nil {
		frame = s.tamper(command, frame)
	}
	s.write(frame)
}

func (s *stub) write(text string) { _, _ = s.conn.Write([]byte(text)) }

func (s *stub) note(event string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received = append(s.received, event)
}

// commands returns what arrived since the last call of it.
func (s *stub) commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.received = nil }()
	return s.received
}

// socketPair returns two connected sockets, closed at the end of the test.
func socketPair(t testing.TB) (a, b net.Conn) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	var conns [2]net.Conn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "socket pair")
		conns[i], err = net.FileConn(f)
		require.NoError(t, err)
		f.Close()
		t.Cleanup(func() { conns[i].Close() })
	}
	return conns[0], conns[1]
}

func TestHandshake(t *testing.T) {
	t.Parallel()
	c, s := attachStub(t, nil)
	assert.Equal(t, Stop{Signal: SigTrap, Thread: Thread{1, 1}}, c.LastStop())
	assert.Equal(t, Thread{1, 1}, c.Selected())
	assert.False(t, c.CanReverse())
	assert.Equal(t, []string{asked, "?", "vCont?"}, s.commands())
}

func TestHandshakeOfMinimalStub(t *testing.T) {
	t.Parallel()
	c, s := attachStub(t, map[string][]string{"qSupported": {""}, "?": {"S05"}, "vCont?": {""}, "s": {"S05"}, "c": {"S02"}})
	s.commands()
	_, err := c.Step(t.Context())
	require.NoError(t, err)
	stop, err := c.Continue(t.Context())
	require.NoError(t, err)
	assert.Equal(t, Stop{Signal: SigInt}, stop)
	assert.Equal(t, []string{"s", "c"}, s.commands())

	_, err = c.Register(t.Context(), "pc")
	assert.ErrorContains(t, err, "give Options.Target")
}

func TestHandshakeFails(t *testing.T) {
	t.Parallel()
	for want, script := range map[string]map[string][]string{
		"refused \"?\" with error 0x01":  {"?": {"E01"}},
		"expected a stop reply":          {"?": {"OK"}},
		"hung up during \"qSupported":    {"qSupported": {"hang up"}},
		"no session with the GDB stub: ": {"qSupported": {"E.not today"}},
	} {
		s, conn := newStub(t, script)
		go s.serve()
		_, err := NewClient(t.Context(), conn, Options{})
		require.ErrorContains(t, err, want)
		_, err = conn.Read(make([]byte, 1))
		assert.ErrorIs(t, err, net.ErrClosed, "the connection is closed")
	}
}

func TestNoAckMode(t *testing.T) {
	t.Parallel()
	c, s := attachStub(t, map[string][]string{
		"qSupported": {"PacketSize=400;QStartNoAckMode+"},
		"m10,2":      {"abcd"},
		featureNoAck: {"OK"},
	})
	assert.True(t, c.link.noAck)
	data, err := c.ReadMemory(t.Context(), 0x10, 2)
	require.NoError(t, err)
	assert.Equal(t, []byte{0xab, 0xcd}, data)
	assert.NotContains(t, s.commands(), "resend")
}

func TestRetransmission(t *testing.T) {
	t.Parallel()
	damaged := func(frame string) string { return strings.Replace(frame, "#", "0#", 1) }

	t.Run("a damaged answer is asked for again", func(t *testing.T) {
		t.Parallel()
		s, conn := newStub(t, map[string][]string{"m": {"11"}})
		s.tamper = func(command, frame string) string {
			if command == "resend" {
				return frame
			}
			return damaged(frame)
		}
		c := s.attach(conn, Options{})
		s.commands()
		_, err := c.ReadMemory(t.Context(), 0, 1)
		require.NoError(t, err)
		assert.Equal(t, []string{"m0,1", "resend"}, s.commands())
	})
	t.Run("a line that damages all is given up", func(t *testing.T) {
		t.Parallel()
		s, conn := newStub(t, nil)
		s.tamper = func(_, frame string) string { return damaged(frame) }
		go s.serve()
		_, err := NewClient(t.Context(), conn, Options{})
		require.ErrorContains(t, err, "the connection to the GDB stub failed during \"qSupported")
		assert.ErrorContains(t, err, "the connection damages packets: checksum is")
	})
	t.Run("a refused command is sent again", func(t *testing.T) {
		t.Parallel()
		s, conn := newStub(t, nil)
		s.refuse = maxRetransmissions
		s.attach(conn, Options{})
	})
	t.Run("a stub that refuses all is given up", func(t *testing.T) {
		t.Parallel()
		s, conn := newStub(t, nil)
		s.refuse = 100
		go s.serve()
		_, err := NewClient(t.Context(), conn, Options{})
		require.ErrorContains(t, err, "asked 4 times for the same packet")
	})
}

func TestRunLengthAndNoise(t *testing.T) {
	t.Parallel()
	s, conn := newStub(t, map[string][]string{"m": {"0*\"ff"}})
	s.tamper = func(_, frame string) string { return "\r\nboot: hello" + framedNotice("Stop:x") + frame + "junk" }
	c := s.attach(conn, Options{})
	data, err := c.ReadMemory(t.Context(), 0, 4)
	require.NoError(t, err)
	assert.Equal(t, []byte{0, 0, 0, 0xff}, data)
}

func framedNotice(payload string) string {
	return fmt.Sprintf("%%%s#%02x", payload, checksum([]byte(payload)))
}

func hexText(text string) string { return hex.EncodeToString([]byte(text)) }
