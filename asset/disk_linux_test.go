package asset

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// mountTmpfs mounts a file system of its own for a test, which takes the rights to do so.
func mountTmpfs(t *testing.T, options string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("mounting a tmpfs needs root: %v", err)
	}
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(dir, unix.MNT_DETACH)) })
	return dir
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(2_000_000)
	for _, tt := range []struct {
		name  string
		serve handler
		text  string
	}{
		{"known before", func(w http.ResponseWriter, r *http.Request, _ int) {
			w.Header().Set("Content-Length", strconv.Itoa(len(content)))
			w.WriteHeader(http.StatusOK) // and no byte: it must fail without
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, "where 2.0 MB are needed"},
		{"found out during", func(w http.ResponseWriter, r *http.Request, _ int) {
			_ = http.NewResponseController(w).Flush() // chunked: no length
			_, _ = w.Write(content)
		}, "no space left on device"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			root := mountTmpfs(t, "size=1m")
			s := serve(t, tt.serve)
			c := openCacheAt(t, root, quiet(t))
			a := New(s.URL, sha256Of(content))
			_, err := c.Fetch(t.Context(), a)
			e := requireKind(t, c, a, DiskFull, err)
			assert.False(t, e.Transient())
			assert.ErrorContains(t, err, tt.text)
			assert.ErrorContains(t, err, "evict")
			assert.EqualValues(t, 1, s.requests.Load(), "another try would not help")
			requireFiles(t, c, a.hash)
		})
	}
}

func TestDiskFullFromMirror(t *testing.T) {
	t.Parallel()
	m := newMirrorTest(t)
	m.mirrorDir(t, m.content)
	c := openCacheAt(t, mountTmpfs(t, "size=64k"), m.opts)
	_, err := c.Fetch(t.Context(), m.Asset)
	requireKind(t, c, m.Asset, DiskFull, err)
	requireFiles(t, c, m.hash)
}

func TestReadOnlyCache(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(1000)
	s := serveContent(t, content)
	root := mountTmpfs(t, "")
	c := openCacheAt(t, root, quiet(t))
	there := New(s.URL+"/there", sha256Of(content))
	missing := New(s.URL+"/missing", sha256Of([]byte("missing")))
	put(t, c, there.hash, extData, content) // no record, no stamp
	require.NoError(t, unix.Mount("", root, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))

	path, err := c.Fetch(t.Context(), there)
	require.NoError(t, err)
	requireContent(t, content, path)
	_, err = c.Fetch(t.Context(), missing)
	e := requireKind(t, c, missing, ReadOnlyCache, err)
	assert.False(t, e.Transient())
	assert.ErrorContains(t, err, "set QEMU_TEST_CACHE_DIR to a directory you can write")
	assert.EqualValues(t, 0, s.requests.Load())
}
