package guest

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/qemutest/functional/qemutest/guest/internal/wire"
)

// redialPause is the time between attempts to reach an agent that is not there
// yet.
const redialPause = 20 * time.Millisecond

// probeInterval is how long nothing may come from a guest before it is sent
// something. The connection to a guest that was reset remains as it is on the
// host until it is used: then the guest, once it is there again, rejects it.
const probeInterval = time.Second

// probe is a frame that an agent passes over: it is of no session.
var probe = wire.Binary.Append(nil, wire.Frame{Kind: wire.Ack})

// DialVsock returns a connection to a port of the guest with a context ID (CID,
// see vsock(7)), that of guest-cid= of QEMU's device vhost-vsock-pci. It is for
// [NewAgent] with [Port]. The guest need not be there yet, and may start anew:
// the connection is made when it is used, and again when it is lost. It takes a
// host that runs Linux.
func DialVsock(cid, port uint32) io.ReadWriteCloser {
	return newRedialer(func(ctx context.Context) (io.ReadWriteCloser, error) {
		return dialVsock(ctx, cid, port)
	})
}

// redialer is a connection that is made anew when it is lost. What is under way
// then is lost with it, as a link (package wire) can bear.
type redialer struct {
	dial   func(context.Context) (io.ReadWriteCloser, error)
	ctx    context.Context // ends with Close
	cancel context.CancelFunc

	mu   sync.Mutex
	conn io.ReadWriteCloser // nil while there is none
	idle atomic.Bool        // nothing was read since the last look
}

func newRedialer(dial func(context.Context) (io.ReadWriteCloser, error)) *redialer {
	r := &redialer{dial: dial}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	context.AfterFunc(r.ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.conn != nil {
			_ = r.conn.Close()
		}
	})
	go r.probe()
	return r
}

// probe uses a connection on which nothing comes, until Close.
func (r *redialer) probe() {
	ticker := time.NewTicker(probeInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-r.ctx.Done():
			return
		}
		r.mu.Lock()
		conn := r.conn
		r.mu.Unlock()
		if conn == nil || !r.idle.Swap(true) {
			continue
		}
		if _, err := conn.Write(probe); err != nil {
			r.lose(conn)
		}
	}
}

// current returns the connection, which it makes if there is none.
func (r *redialer) current() (io.ReadWriteCloser, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.ctx.Err() == nil {
		if r.conn != nil {
			return r.conn, nil
		}
		conn, err := r.dial(r.ctx)
		if err == nil {
			r.conn = conn
			continue
		}
		if errors.Is(err, errors.ErrUnsupported) {
			return nil, err
		}
		select {
		case <-r.ctx.Done():
		case <-time.After(redialPause):
		}
	}
	return nil, os.ErrClosed
}

// lose gives a connection up.
func (r *redialer) lose(conn io.ReadWriteCloser) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conn == conn {
		_ = conn.Close()
		r.conn = nil
	}
}

func (r *redialer) Read(p []byte) (int, error) {
	for {
		conn, err := r.current()
		if err != nil {
			return 0, err
		}
		if n, err := conn.Read(p); err == nil || n > 0 {
			r.idle.Store(false)
			return n, nil
		}
		r.lose(conn)
	}
}

func (r *redialer) Write(p []byte) (int, error) {
	conn, err := r.current()
	if err != nil {
		return 0, err
	}
	if _, err := conn.Write(p); err != nil {
		r.lose(conn)
	}
	return len(p), nil
}

func (r *redialer) Close() error {
	r.cancel()
	return nil
}
