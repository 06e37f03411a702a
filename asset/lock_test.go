package asset

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A lock on a file that was removed while it was waited for keeps nobody out, so it does not count.
func TestLockFileIgnoresRemovedFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	for name, replace := range map[string]bool{"removed": false, "replaced": true} {
		takes := 0
		l, err := lockFile(path, func(l *flock.Flock) error {
			if takes++; takes == 1 {
				defer func() {
					require.NoError(t, os.Remove(path))
					if replace {
						require.NoError(t, os.WriteFile(path, nil, 0o644))
					}
				}()
			}
			return l.Lock()
		})
		require.NoError(t, err)
		assert.Equal(t, 2, takes, name)
		_, err = lockFile(path, tryLock)
		require.ErrorIs(t, err, ErrInUse)
		releaseLock(l)
		assert.NoFileExists(t, path)
	}
}

func TestLockDownloadCanceled(t *testing.T) {
	t.Parallel()
	c := openCache(t, quiet(t))
	a := New("http://127.0.0.1:1/", sha256Of(nil))
	unlock, err := c.lockDownload(t.Context(), a)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = c.lockDownload(ctx, a)
	assert.Equal(t, Canceled, kindOf(err))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	unlock()
	unlock, err = c.lockDownload(t.Context(), a)
	require.NoError(t, err)
	unlock()
}

// A file that was evicted or replaced before it could be marked as in use is not handed out.
func TestUseNoticesEviction(t *testing.T) {
	t.Parallel()
	c := openCache(t, quiet(t))
	content := []byte("x")
	a := New("http://127.0.0.1:1/", sha256Of(content))
	path := put(t, c, a.hash, extData, content)
	id, ok := c.identify(a)
	require.True(t, ok)
	require.NoError(t, os.Remove(path))
	_, ok = c.use(a, id)
	assert.False(t, ok)
	assert.Empty(t, c.holds)

	put(t, c, a.hash, extData, content)
	id, _ = c.identify(a)
	_, ok = c.use(a, id)
	assert.True(t, ok)
}

func TestWriteStamp(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "stamp")
	for _, before := range []string{"", "1", "1700000000.123\n"} {
		require.NoError(t, os.WriteFile(path, []byte(before), 0o644))
		require.NoError(t, writeStamp(path, time.Unix(1_800_000_000, 5)))
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, "1800000000", string(text))
	}
}
