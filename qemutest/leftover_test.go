package qemutest

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// makeFiles makes files of 10,000 bytes and returns a function that joins the
// directory and a name.
func makeFiles(t *testing.T, names ...string) func(string) string {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range names {
		require.NoError(t, os.MkdirAll(filepath.Dir(path(name)), 0o755))
		require.NoError(t, os.WriteFile(path(name), make([]byte, 10_000), 0o600))
	}
	return path
}

func TestRemoveExcept(t *testing.T) {
	t.Parallel()
	path := makeFiles(t, "s/disk", "s/disk2", "s/tree/a", "s/tree/b", "s/deep/er/kept", "s/deep/er/gone", "s/deep/gone")
	removeExcept(path("s"), []string{path("s/disk"), path("s/tree"), path("s/deep/er/kept")})
	var left []string
	require.NoError(t, fs.WalkDir(os.DirFS(path("s")), ".", func(name string, d fs.DirEntry, err error) error {
		if !d.IsDir() {
			left = append(left, name)
		}
		return err
	}))
	assert.Equal(t, []string{"deep/er/kept", "disk", "tree/a", "tree/b"}, left)

	removeExcept(path("s"), nil)
	assert.NoDirExists(t, path("s"))
}

func TestWithinLimit(t *testing.T) {
	t.Parallel()
	path := makeFiles(t, "small", "tree/a", "tree/b", "tree/c", "other")
	require.NoError(t, os.WriteFile(path("sparse"), nil, 0o600))
	require.NoError(t, os.Truncate(path("sparse"), 1<<30))
	assert.Equal(t, []string{path("small"), path("other"), path("sparse")},
		withinLimit([]string{path("small"), path("tree"), path("other"), path("sparse"), path("missing")}, 30_000)[:3])
}
