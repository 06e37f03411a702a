package asset

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// putAged puts an asset into the cache that was last used that long ago, and returns its hash.
func putAged(t *testing.T, c *Cache, content []byte, ago time.Duration) string {
	t.Helper()
	hash := sha256Of(content)
	put(t, c, hash, extData, content)
	put(t, c, hash, extStamp, []byte(strconv.FormatInt(time.Now().Add(-ago).Unix(), 10)))
	return hash
}

func age(t *testing.T, path string, ago time.Duration) {
	t.Helper()
	then := time.Now().Add(-ago)
	require.NoError(t, os.Chtimes(path, then, then))
}

const day = 24 * time.Hour

func hashes(entries []Entry) []string {
	var all []string
	for _, e := range entries {
		all = append(all, e.Hash)
	}
	return all
}

func TestEvictUnused(t *testing.T) {
	t.Parallel()
	c := openCache(t, quiet(t))
	old := putAged(t, c, []byte("old"), 100*day)
	put(t, c, old, extRecord, []byte("record"))
	recent := putAged(t, c, []byte("recent"), 10*day)
	future := putAged(t, c, []byte("clock was wrong"), -1000*day)
	noStamp := sha256Of([]byte("no stamp"))
	put(t, c, noStamp, extData, []byte("no stamp"))
	age(t, c.path(noStamp, extData), 200*day)

	policy := EvictPolicy{UnusedFor: 30 * day, DryRun: true}
	did, err := c.Evict(t.Context(), policy)
	require.NoError(t, err)
	assert.Equal(t, []string{noStamp, old}, hashes(did.Removed))
	requireFiles(t, c, old, extData, extStamp, extRecord)
	requireFiles(t, c, noStamp, extData)

	policy.DryRun = false
	did, err = c.Evict(t.Context(), policy)
	require.NoError(t, err)
	assert.Equal(t, []string{noStamp, old}, hashes(did.Removed))
	assert.Empty(t, did.InUse)
	requireFiles(t, c, old)
	requireFiles(t, c, noStamp)
	requireFiles(t, c, recent, extData, extStamp)
	requireFiles(t, c, future, extData, extStamp)
}

func TestEvictAboveSize(t *testing.T) {
	t.Parallel()
	c := openCache(t, quiet(t))
	var all []string
	for i := range 5 {
		all = append(all, putAged(t, c, fmt.Appendf(make([]byte, 0, 1000), "%0993d%7d", 0, i), time.Duration(5-i)*day))
	}
	size, err := os.Stat(c.path(all[0], extData))
	require.NoError(t, err)
	did, err := c.Evict(t.Context(), EvictPolicy{MaxSize: 3*size.Size() + 100})
	require.NoError(t, err)
	assert.Equal(t, all[:2], hashes(did.Removed))
	assert.Less(t, did.Left, 3*size.Size()+100)
	entries, err := c.Entries()
	require.NoError(t, err)
	assert.Equal(t, all[2:], hashes(entries))
}

func TestEvictSparesWhatIsInUse(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(1000)
	s := serveContent(t, content)
	user := openCache(t, quiet(t))
	a := New(s.URL, sha256Of(content))
	_, err := user.Fetch(t.Context(), a)
	require.NoError(t, err)

	evictor := openCacheAt(t, user.root, quiet(t))
	did, err := evictor.Evict(t.Context(), EvictPolicy{All: true})
	require.NoError(t, err)
	assert.Equal(t, []string{a.hash}, hashes(did.InUse))
	require.ErrorIs(t, evictor.Remove(a.hash), ErrInUse)

	require.NoError(t, user.Close())
	require.NoError(t, evictor.Remove(strings.ToUpper(a.hash)))
	requireFiles(t, evictor, a.hash)
	require.NoError(t, evictor.Remove(a.hash), "nothing is there any more")

	_, err = user.Fetch(t.Context(), a)
	require.NoError(t, err)
	assert.EqualValues(t, 2, s.requests.Load())
}

func TestEvictSparesWhatIsDownloaded(t *testing.T) {
	t.Parallel()
	c := openCache(t, quiet(t))
	a := New("http://127.0.0.1:1/", sha256Of([]byte("x")))
	put(t, c, a.hash, extPartial, []byte("part"))
	unlock, err := c.lockDownload(t.Context(), a)
	require.NoError(t, err)
	did, err := c.Evict(t.Context(), EvictPolicy{All: true})
	require.NoError(t, err)
	assert.Equal(t, []string{a.hash}, hashes(did.InUse))
	unlock()
	did, err = c.Evict(t.Context(), EvictPolicy{All: true})
	require.NoError(t, err)
	assert.Equal(t, []string{a.hash}, hashes(did.Removed))
	assert.EqualValues(t, 4, did.Freed)
}

func TestEvictLeftovers(t *testing.T) {
	t.Parallel()
	c := openCache(t, quiet(t))
	resting := sha256Of([]byte("resting"))
	put(t, c, resting, extPartial, []byte("part"))
	put(t, c, resting, extResume, []byte(`{"url":"http://user:secret@host/resting"}`))
	stale := sha256Of([]byte("stale"))
	put(t, c, stale, extPartial, []byte("part"))
	put(t, c, stale, extResume, []byte(`{}`))
	require.NoError(t, os.Link(c.path(stale, extPartial), c.path(stale, extUpstream)))
	age(t, c.path(stale, extPartial), 2*day)
	beside := putAged(t, c, []byte("beside"), day)
	put(t, c, beside, extPartial, []byte("part"))
	age(t, c.path(beside, extPartial), 2*day)
	orphan := sha256Of([]byte("orphan"))
	put(t, c, orphan, extStamp, []byte("1"))
	put(t, c, orphan, extRecord, nil)
	lock := sha256Of([]byte("lock"))
	put(t, c, lock, extLock, nil)
	foreign := put(t, c, "README", ".md", nil)

	did, err := c.Evict(t.Context(), EvictPolicy{})
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{stale, beside, orphan, lock}, hashes(did.Removed))
	assert.EqualValues(t, 4+2+4+1, did.Freed)
	requireFiles(t, c, resting, extPartial, extResume)
	requireFiles(t, c, stale)
	requireFiles(t, c, beside, extData, extStamp)
	requireFiles(t, c, orphan)
	requireFiles(t, c, lock)
	assert.FileExists(t, foreign)

	entries, err := c.Entries()
	require.NoError(t, err)
	require.Len(t, entries, 2)
	assert.Equal(t, "http://user:xxxxx@host/resting", entries[1].URL)
	assert.False(t, entries[1].Complete)
}

func TestEvictEmptyAndCanceled(t *testing.T) {
	t.Parallel()
	c := openCache(t, quiet(t))
	did, err := c.Evict(t.Context(), EvictPolicy{All: true})
	require.NoError(t, err, "a cache that is not there is empty")
	assert.Zero(t, did.Freed)

	hash := putAged(t, c, []byte("x"), day)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Evict(ctx, EvictPolicy{All: true})
	require.ErrorIs(t, err, context.Canceled)
	requireFiles(t, c, hash, extData, extStamp)
}

func FuzzSplitName(f *testing.F) {
	f.Add(sha256Of(nil) + ".stamp")
	f.Add(sha256Of(nil))
	f.Add("..")
	f.Fuzz(func(t *testing.T, name string) {
		if hash, ext, ok := splitName(name); ok && (hash+ext != name || strings.ContainsAny(name, "/\\")) {
			t.Errorf("%q gives %q and %q", name, hash, ext)
		}
	})
}
