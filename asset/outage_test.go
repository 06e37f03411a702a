package asset

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// closedPort returns an address on which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

func TestOutageIsKeptInMind(t *testing.T) {
	t.Parallel()
	root, host := t.TempDir(), closedPort(t)
	dials := 0
	fetch := func(path string) error {
		cache, err := OpenCache(root, Options{Backoff: 1, Transport: countingTransport(&dials)})
		require.NoError(t, err)
		defer cache.Close()
		_, err = cache.Fetch(context.Background(), New("http://"+host+path, strings.Repeat("a", 64)))
		return err
	}
	err := fetch("/one")
	require.Error(t, err)
	assert.NotErrorIs(t, err, errOutage)
	assert.Equal(t, 2, dials)

	err = fetch("/two")
	require.ErrorIs(t, err, errOutage)
	var failure *Error
	require.ErrorAs(t, err, &failure)
	assert.True(t, failure.Transient())
	assert.Contains(t, err.Error(), host+" was out of reach earlier in this run")
	assert.Equal(t, 2, dials, "the host is not asked again")

	// Another run does not care.
	require.NoError(t, os.WriteFile(filepath.Join(root, "outages"), []byte("boot/1/2 "+host+"\n"), 0o644))
	assert.NotErrorIs(t, fetch("/three"), errOutage)
	assert.Equal(t, 4, dials)
}

func TestOutageOfTheResolver(t *testing.T) {
	t.Parallel()
	cache, err := OpenCache(t.TempDir(), Options{})
	require.NoError(t, err)
	defer cache.Close()
	require.NoError(t, cache.outage("https://example.org/file"))
	cache.recordOutage("https://example.org/file", &net.DNSError{Err: "i/o timeout", IsTimeout: true})
	assert.ErrorIs(t, cache.outage("https://example.com/other"), errOutage, "no host can be found")
}

func TestOutageOfOneName(t *testing.T) {
	t.Parallel()
	cache, err := OpenCache(t.TempDir(), Options{})
	require.NoError(t, err)
	defer cache.Close()
	cache.recordOutage("https://example.org/file", &net.DNSError{Err: "no such host", IsNotFound: true})
	assert.ErrorIs(t, cache.outage("https://example.org/other"), errOutage)
	assert.NoError(t, cache.outage("https://example.com/file"))
}

// countingTransport dials for every request and counts.
func countingTransport(dials *int) *http.Transport {
	return &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		*dials++
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
}

// A host without a network does not wait to try again, and does not ask for
// every name.
func TestOutageOfTheNetwork(t *testing.T) {
	t.Parallel()
	unreachable := &net.DNSError{Err: "dial udp 192.0.2.1:53: connect: network is unreachable", IsTemporary: true}
	dials := 0
	cache, err := OpenCache(t.TempDir(), Options{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			dials++
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: unreachable}
		},
	}})
	require.NoError(t, err)
	defer cache.Close()
	_, err = cache.Fetch(t.Context(), New("https://example.org/file", sha256Of([]byte("x"))))
	require.ErrorContains(t, err, "network is unreachable")
	assert.Equal(t, 1, dials)
	assert.ErrorIs(t, cache.outage("https://example.com/other"), errOutage, "no host can be found")

	assert.True(t, noNetwork(&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}))
	assert.False(t, noNetwork(&net.DNSError{Err: "server misbehaving", IsTemporary: true}))
}
