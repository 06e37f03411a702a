package gdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// maxRetransmissions is how often a packet is sent or asked for again before
// the connection is given up. GDB tries three times.
const maxRetransmissions = 3

// A link moves packets over a connection: framing, acknowledgements and
// retransmission. One goroutine at a time may send and receive; interrupt may
// be called at any time.
type link struct {
	conn net.Conn
	log  io.Writer // may be nil

	noAck bool // after QStartNoAckMode

	decoder decoder
	buf     []byte // space for reads
	unread  []byte // part of buf that is not decoded yet
	last    []byte // the last frame that was sent
	resent  int    // how often it was sent again
	damaged int    // packets that arrived damaged, in a row

	writing sync.Mutex // serializes writes to conn, and the log
}

func newLink(conn net.Conn, log io.Writer) *link {
	return &link{conn: conn, log: log, buf: make([]byte, 16<<10)}
}

// reading makes the end of ctx interrupt receive, until release is called.
func (l *link) reading(ctx context.Context) (release func()) {
	return deadlineAtEnd(ctx, l.conn.SetReadDeadline)
}

// deadlineAtEnd sets a deadline in the past when ctx ends, and takes it back
// at release.
func deadlineAtEnd(ctx context.Context, set func(time.Time) error) (release func()) {
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = set(time.Unix(1, 0))
		close(interrupted)
	})
	return func() {
		if !stop() {
			<-interrupted
			_ = set(time.Time{})
		}
	}
}

// send writes a packet. It does not wait for the acknowledgement, which
// receive handles.
//
// In front of the packet goes an acknowledgement that nobody waits for. QEMU
// stops a machine that runs at any byte that it receives, and that byte is
// lost. So a packet to a machine that was resumed behind our back, for
// example by QMP's "cont", arrives whole.
func (l *link) send(ctx context.Context, payload []byte) error {
	l.last = l.last[:0]
	if !l.noAck {
		l.last = append(l.last, ackByte)
	}
	l.last = appendFrame(l.last, payload)
	l.resent = 0
	l.logf("->", "%q", payload)
	return l.write(ctx, l.last)
}

// write leaves the connection unusable if it fails: nobody knows how much of
// data was sent.
func (l *link) write(ctx context.Context, data []byte) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	defer deadlineAtEnd(ctx, l.conn.SetWriteDeadline)()
	_, err := l.conn.Write(data)
	return err
}

// interrupt asks the stub to stop the machine.
func (l *link) interrupt(ctx context.Context) error {
	l.logf("->", "interrupt")
	return l.write(ctx, []byte{interrupt})
}

// receive returns the next packet's payload, acknowledged, with run lengths
// expanded. If a deadline interrupts it, nothing is lost: the next call goes
// on in the middle of the packet.
func (l *link) receive() ([]byte, error) {
	for {
		for len(l.unread) > 0 {
			f, ok := l.decoder.push(l.unread[0])
			l.unread = l.unread[1:]
			if !ok {
				continue
			}
			if payload, err := l.accept(f); payload != nil || err != nil {
				return payload, err
			}
		}
		n, err := l.conn.Read(l.buf)
		l.unread = l.buf[:n]
		if n == 0 && err != nil {
			return nil, err
		}
	}
}

// accept answers a frame. It returns the payload, not nil, of a packet. Its
// writes don't end with the caller's context, since a packet must not be lost
// because its acknowledgement came late; a few bytes always fit into a socket.
func (l *link) accept(f frame) ([]byte, error) {
	switch f.kind {
	case framePacket:
		l.logf("<-", "%q", f.payload)
		l.damaged = 0
		if f.payload == nil {
			f.payload = []byte{}
		}
		if l.noAck {
			return f.payload, nil
		}
		return f.payload, l.write(context.Background(), []byte{ackByte})
	case frameNotice:
		// Non-stop mode has them; without it they carry nothing that is needed.
		l.logf("<-", "notification %q", f.payload)
	case frameNak:
		l.logf("<-", "please repeat")
		if l.resent++; l.resent > maxRetransmissions {
			return nil, fmt.Errorf("the stub asked %d times for the same packet", l.resent)
		}
		return nil, l.write(context.Background(), l.last)
	case frameDamaged:
		l.logf("<-", "damaged packet: %s", f.text)
		if l.damaged++; l.damaged > maxRetransmissions || l.noAck {
			return nil, fmt.Errorf("the connection damages packets: %s", f.text)
		}
		return nil, l.write(context.Background(), []byte{nakByte})
	}
	return nil, nil
}

func (l *link) logf(direction, format string, args ...any) {
	if l.log == nil {
		return
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	fmt.Fprintf(l.log, "%s %s %s\n", time.Now().Format("15:04:05.000000"), direction, fmt.Sprintf(format, args...))
}

// isTimeout reports whether err comes from the deadline that ends a context's I/O.
func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
