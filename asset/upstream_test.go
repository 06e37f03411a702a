package asset

import (
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// createUpstream begins a download the way QEMU's suite does: by exclusive creation of <hash>.download.
func createUpstream(t *testing.T, c *Cache, a *Asset) *os.File {
	t.Helper()
	require.NoError(t, c.makeDir())
	f, err := os.OpenFile(c.path(a.hash, extUpstream), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// While QEMU's suite downloads an asset, this package waits, and takes what it puts into the cache.
func TestWaitsForUpstream(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(1000)
	s := serveContent(t, content)
	waiting := make(chan struct{}, 100)
	opts := quiet(t)
	opts.Progress = func(p Progress) {
		if p.Waiting && p.Bytes == 500 {
			waiting <- struct{}{}
		}
	}
	c := openCache(t, opts)
	a := New(s.URL, sha256Of(content))
	suite := createUpstream(t, c, a)
	_, err := suite.Write(content[:500])
	require.NoError(t, err)
	go func() {
		<-waiting
		_, err := suite.Write(content[500:])
		assert.NoError(t, err)
		assert.NoError(t, os.Rename(suite.Name(), c.path(a.hash, extData)))
		assert.NoError(t, suite.Close())
	}()
	path, err := c.Fetch(t.Context(), a)
	require.NoError(t, err)
	requireContent(t, content, path)
	requireFiles(t, c, a.hash, extData, extStamp, extRecord)
	assert.EqualValues(t, 0, s.requests.Load())
}

// What QEMU's suite left is used only if it is the asset.
func TestSettlesUpstream(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(1000)
	for name, tt := range map[string]struct {
		left     []byte
		requests int
	}{
		"complete": {content, 0},
		"partial":  {content[:500], 1},
		"wrong":    {make([]byte, 1000), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serveContent(t, content)
			c := openCache(t, quiet(t))
			a := New(s.URL, sha256Of(content))
			suite := createUpstream(t, c, a)
			_, err := suite.Write(tt.left)
			require.NoError(t, err)
			require.NoError(t, suite.Close())
			if !hasNoWriter(suite.Name()) {
				t.Skipf("whether %s is stale shows only after %v here", suite.Name(), upstreamPatience)
			}
			path, err := c.Fetch(t.Context(), a)
			require.NoError(t, err)
			requireContent(t, content, path)
			assert.EqualValues(t, tt.requests, s.requests.Load())
			if tt.requests == 0 {
				// QEMU's suite may be about to do this, and must not fail then.
				assert.NoError(t, os.Rename(suite.Name(), path))
			}
			path, ok := c.Cached(a)
			require.True(t, ok)
			requireContent(t, content, path)
		})
	}
}

// QEMU's suite sees the download as one of its own; and when it loses patience with it, nothing is lost.
func TestAnnouncesToUpstream(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(200_000)
	for name, lose := range map[string]bool{"patient": false, "impatient": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			arrived, proceed := make(chan struct{}), make(chan struct{})
			s := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
				close(arrived)
				<-proceed
				sendContent(w, r, content, `"v1"`)
			})
			c := openCache(t, quiet(t))
			a := New(s.URL, sha256Of(content))
			done := make(chan error)
			go func() { _, err := c.Fetch(t.Context(), a); done <- err }()
			<-arrived
			download := c.path(a.hash, extUpstream)
			_, err := os.OpenFile(download, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
			require.ErrorIs(t, err, os.ErrExist)
			want := []string{extData, extStamp, extRecord}
			if lose {
				require.NoError(t, os.Remove(download))
				suite := createUpstream(t, c, a)
				_, err := suite.WriteString("something else")
				require.NoError(t, err)
				want = append(want, extUpstream)
			}
			close(proceed)
			require.NoError(t, <-done)
			requireContent(t, content, c.path(a.hash, extData))
			requireFiles(t, c, a.hash, want...)
		})
	}
}

// Eviction leaves a download of QEMU's suite alone while it is alive.
func TestEvictSparesUpstream(t *testing.T) {
	t.Parallel()
	c := openCache(t, quiet(t))
	a := New("http://127.0.0.1:1/", sha256Of([]byte("x")))
	suite := createUpstream(t, c, a)
	did, err := c.Evict(t.Context(), EvictPolicy{All: true})
	require.NoError(t, err)
	assert.Len(t, did.InUse, 1)
	assert.FileExists(t, suite.Name())

	require.NoError(t, suite.Close())
	old := time.Now().Add(-2 * upstreamPatience)
	require.NoError(t, os.Chtimes(suite.Name(), old, old))
	did, err = c.Evict(t.Context(), EvictPolicy{})
	require.NoError(t, err)
	assert.Empty(t, did.Removed, "it may rest for a day")
	did, err = c.Evict(t.Context(), EvictPolicy{All: true})
	require.NoError(t, err)
	assert.Len(t, did.Removed, 1)
	requireFiles(t, c, a.hash)
}
