package asset

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
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
