package asset

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A clock that jumps, or was wrong when the cache was filled, costs at most another look at a file: it makes none wrong, is
// no reason to download again, and no reason to evict what was in use today.
func TestClockJumps(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(fireSize)
	for name, jump := range map[string]time.Duration{
		"ahead": 20 * 365 * 24 * time.Hour,
		"back":  -20 * 365 * 24 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serveContent(t, content)
			c := openCache(t, quiet(t))
			a := New(s.URL, sha256Of(content))
			then := time.Now().Add(jump)

			put(t, c, a.hash, extPartial, content[:1000])
			put(t, c, a.hash, extResume, []byte(`{"url":"`+s.URL+`","etag":"\"v1\"","size":300000}`))
			setTimes(t, c, a.hash, then, extPartial, extResume)
			path, err := c.Fetch(t.Context(), a)
			require.NoError(t, err)
			requireContent(t, content, path)
			assert.EqualValues(t, 1, s.ranged.Load(), "the download is continued")

			setTimes(t, c, a.hash, then, extData, extRecord, extStamp)
			require.NoError(t, writeStamp(c.path(a.hash, extStamp), then))
			path, err = openCacheAt(t, c.root, quiet(t)).Fetch(t.Context(), a)
			require.NoError(t, err)
			requireContent(t, content, path)
			assert.EqualValues(t, 1, s.requests.Load(), "and the file is not downloaded again")

			require.NoError(t, c.Close())
			_, err = openCacheAt(t, c.root, quiet(t)).Evict(t.Context(), EvictPolicy{UnusedFor: 183 * 24 * time.Hour})
			require.NoError(t, err)
			requireContent(t, content, path)
		})
	}
}

// setTimes gives files of an asset the time that a wrong clock would have given them.
func setTimes(t *testing.T, c *Cache, hash string, then time.Time, exts ...string) {
	t.Helper()
	for _, ext := range exts {
		require.NoError(t, os.Chtimes(c.path(hash, ext), then, then))
	}
}
