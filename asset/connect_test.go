package asset

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A server that accepts a connection and then does not say a word of TLS is given up like one that does not accept it.
func TestConnectTimeoutOfTLS(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts := defaults(nil)
		opts.Transport = nil
		opts.ConnectTimeout = 20 * time.Second
		transport := newClient(opts).Transport.(*http.Transport)
		transport.DialContext = func(context.Context, string, string) (net.Conn, error) { return silentConn(), nil }
		opts.Transport = transport
		opts.Tries = 1
		c := openCache(t, opts)
		a := New("https://host/x", sha256Of([]byte("x")))
		started := time.Now()
		_, err := c.Fetch(t.Context(), a)
		e := requireKind(t, c, a, Unreachable, err)
		assert.True(t, e.Transient())
		assert.ErrorContains(t, err, "TLS handshake timeout")
		assert.Equal(t, opts.ConnectTimeout, time.Since(started))
	})
}

// silentConn is a connection to somebody who listens and does not answer.
func silentConn() net.Conn {
	near, far := net.Pipe()
	go func() {
		for err := error(nil); err == nil; {
			_, err = far.Read(make([]byte, 1024))
		}
	}()
	return near
}

// A resolver that does not answer is given up after a few seconds, however long a connection may take.
func TestResolveTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		silent := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			return silentConn(), nil
		}}
		started := time.Now()
		_, err := dialer(time.Hour, silent)(t.Context(), "tcp", "asset.invalid:80")
		var dns *net.DNSError
		require.ErrorAs(t, err, &dns)
		assert.True(t, dns.IsTimeout)
		assert.True(t, isDialError(err))
		assert.Equal(t, resolveTimeout, time.Since(started))
	})
}
