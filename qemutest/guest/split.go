package guest

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"

	"github.com/qemutest/functional/qemutest/guest/internal/wire"
)

// SplitConsole separates the two that share a serial console: the agent, for
// [NewAgent] with [Terminal], and the text that the kernel and programs write,
// for package console. What either side writes goes to the guest as it is.
//
// The agent is heard only while somebody reads the text. The end of conn is the
// end of both; closing text closes conn, closing agent leaves text as it is.
func SplitConsole(conn net.Conn) (text net.Conn, agent io.ReadWriteCloser) {
	s := &sharedConn{Conn: conn}
	s.arrived = sync.NewCond(&s.mu)
	t := &textConn{sharedConn: s}
	t.decoder.Text = func(p []byte) { t.text = append(t.text, p...) }
	return t, agentConn{s}
}

// spoolSize bounds what is kept for an agent's link that does not read, in
// bytes. Links read all the time, and have lost frames sent again.
const spoolSize = 1 << 20

// sharedConn is a serial console with two users.
type sharedConn struct {
	net.Conn

	writing sync.Mutex

	mu      sync.Mutex
	arrived *sync.Cond
	spool   []byte // for the agent
	err     error  // after spool
}

// Write implements [io.Writer] for both users.
func (s *sharedConn) Write(p []byte) (int, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.Conn.Write(p)
}

// put gives the agent what has arrived.
func (s *sharedConn) put(p []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	if len(s.spool)+len(p) <= spoolSize {
		s.spool = append(s.spool, p...)
	}
	s.err = err
	s.arrived.Broadcast()
}

// textConn is the side of those who read text.
type textConn struct {
	*sharedConn
	decoder wire.ConsoleDecoder
	text    []byte // not read yet
	err     error  // after text
}

// Read implements [io.Reader]. One goroutine at a time may call it.
func (t *textConn) Read(p []byte) (int, error) {
	for len(t.text) == 0 && t.err == nil {
		n, err := t.Conn.Read(p)
		t.put(p[:n], err)
		t.text = t.text[:0]
		t.decoder.Decode(p[:n], func(wire.Frame) {}, func() {})
		t.err = err
	}
	if len(t.text) > 0 {
		n := copy(p, t.text)
		t.text = t.text[n:]
		return n, nil
	}
	return 0, t.err
}

// agentConn is the side of the agent's link, which gets everything: it passes
// over text by itself.
type agentConn struct {
	shared *sharedConn
}

// Read implements [io.Reader].
func (a agentConn) Read(p []byte) (int, error) {
	s := a.shared
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.spool) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		s.arrived.Wait()
	}
	n := copy(p, s.spool)
	s.spool = append(s.spool[:0], s.spool[n:]...)
	return n, nil
}

// Write implements [io.Writer].
func (a agentConn) Write(p []byte) (int, error) {
	n, err := a.shared.Write(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		// The deadline is that of a line typed on the console. To the link,
		// the frame is lost.
		return len(p), nil
	}
	return n, err
}

// Close implements [io.Closer].
func (a agentConn) Close() error {
	a.shared.put(nil, net.ErrClosed)
	return nil
}
