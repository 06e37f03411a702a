package asset

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A host that drops what it is sent, as firewalls do, is given up after the time for a connection.
func TestConnectTimeout(t *testing.T) {
	t.Parallel()
	opts := quiet(t)
	opts.ConnectTimeout = 200 * time.Millisecond
	opts.StallTimeout = time.Hour
	opts.Tries = 1
	c := openCache(t, opts)
	a := New("http://"+deafPort(t)+"/x", sha256Of([]byte("x")))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := c.Fetch(ctx, a)
	e := requireKind(t, c, a, Unreachable, err)
	assert.True(t, e.Transient())
	assert.ErrorContains(t, err, "i/o timeout")
}

// deafPort returns an address at which connections are neither accepted nor refused: the queue of its listener is full.
func deafPort(t *testing.T) string {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, unix.Close(fd)) })
	require.NoError(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	require.NoError(t, unix.Listen(fd, 0))
	name, err := unix.Getsockname(fd)
	require.NoError(t, err)
	address := fmt.Sprintf("127.0.0.1:%d", name.(*unix.SockaddrInet4).Port)
	for {
		conn, err := net.DialTimeout("tcp", address, 200*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { assert.NoError(t, conn.Close()) })
	}
}
