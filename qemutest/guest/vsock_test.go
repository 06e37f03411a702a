//go:build linux

package guest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	guestagent "github.com/qemutest/functional/qemutest/guest/agent"
)

// listener is where an agent answers, one connection after another, as on a
// vsock.
type listener struct {
	path  string
	early atomic.Int32 // attempts to connect that fail yet
	wg    sync.WaitGroup

	mu   sync.Mutex
	conn net.Conn // the current one
}

func listen(t *testing.T) *listener {
	t.Helper()
	l := &listener{path: filepath.Join(t.TempDir(), "vsock")}
	socket, err := net.Listen("unix", l.path)
	require.NoError(t, err)
	l.wg.Go(func() {
		for {
			conn, err := socket.Accept()
			if err != nil {
				return
			}
			l.mu.Lock()
			l.conn = conn
			l.mu.Unlock()
			_ = guestagent.Serve(context.Background(), conn)
		}
	})
	t.Cleanup(func() {
		_ = socket.Close()
		l.cut()
		l.wg.Wait()
	})
	return l
}

// cut ends the current connection.
func (l *listener) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.Close()
	}
}

func (l *listener) dial(ctx context.Context) (io.ReadWriteCloser, error) {
	if l.early.Add(-1) >= 0 {
		return nil, errors.New("nobody there yet")
	}
	return new(net.Dialer).DialContext(ctx, "unix", l.path)
}

func TestConnectionIsMadeAndMadeAnew(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	l := listen(t)
	l.early.Store(5)
	g := NewAgent(newRedialer(l.dial), Port)
	for range 3 {
		output, err := g.Output(ctx, "echo", "here")
		require.NoError(t, err)
		require.Equal(t, "here\n", string(output))

		ended := make(chan error, 1)
		stdout, stdin := io.Pipe()
		go func() {
			_, err := g.Run(ctx, Command{Args: []string{"sh", "-c", "echo; exec sleep 1000"}, Stdout: stdin})
			ended <- err
		}()
		_, err = io.ReadFull(stdout, make([]byte, 1))
		require.NoError(t, err)
		l.cut()
		require.ErrorIs(t, <-ended, ErrRestarted)
	}
	require.NoError(t, g.Close())
}

func TestConnectionThatIsNeverMade(t *testing.T) {
	t.Parallel()
	l := listen(t)
	l.early.Store(1000)
	r := newRedialer(l.dial)
	time.AfterFunc(5*redialPause, func() { _ = r.Close() })
	_, err := r.Read(make([]byte, 1))
	assert.ErrorIs(t, err, os.ErrClosed)
	_, err = r.Write([]byte{0})
	assert.ErrorIs(t, err, os.ErrClosed)
}

func TestHostThatHasNoVsock(t *testing.T) {
	t.Parallel()
	r := newRedialer(func(context.Context) (io.ReadWriteCloser, error) {
		return nil, fmt.Errorf("no vsock: %w", errors.ErrUnsupported)
	})
	g := NewAgent(r, Port)
	defer g.Close()
	_, err := g.Wait(t.Context())
	assert.ErrorContains(t, err, "no vsock")
}

// The connection to a guest that was reset is as before until something is sent
// on it.
func TestConnectionToAGuestThatWasReset(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	l := listen(t)
	old, peer := net.Pipe()
	connections := []io.ReadWriteCloser{old}
	go func() {
		_, _ = io.ReadFull(peer, make([]byte, 1))
		_ = peer.Close()
	}()
	g := NewAgent(newRedialer(func(ctx context.Context) (io.ReadWriteCloser, error) {
		if len(connections) > 0 {
			connections = nil
			return old, nil
		}
		return l.dial(ctx)
	}), Port)
	defer g.Close()
	_, err := g.Output(ctx, "true")
	require.NoError(t, err)
}
