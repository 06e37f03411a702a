package asset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSplitMirrors(t *testing.T) {
	t.Parallel()
	for list, want := range map[string][]string{
		"":                                 nil,
		" , :":                             nil,
		"/a":                               {"/a"},
		"/a:/b":                            {"/a", "/b"},
		"/a, b\tc\n../d":                   {"/a", "b", "c", "../d"},
		"http://host/x":                    {"http://host/x"},
		"/a:http://host/x:/b":              {"/a", "http://host/x", "/b"},
		"/a:http://host:8080/x:/b":         {"/a", "http://host:8080/x", "/b"},
		"http://host:8080:/b":              {"http://host:8080", "/b"},
		"https://h/a:https://h/b":          {"https://h/a", "https://h/b"},
		"https://u:p@h:1/a,http://[::1]:2": {"https://u:p@h:1/a", "http://[::1]:2"},
		"http://[::1]/a:/b":                {"http://[::1]/a", "/b"},
	} {
		assert.Equal(t, want, splitMirrors(list), "%q", list)
	}
}

func FuzzSplitMirrors(f *testing.F) {
	f.Add("/a:http://host:8080/x,b c")
	f.Add("https://u:p@h:1/a,http://[::1]:2")
	f.Fuzz(func(t *testing.T, list string) {
		for _, m := range splitMirrors(list) {
			if m == "" || !strings.Contains(list, m) {
				t.Errorf("%q contains the mirror %q", list, m)
			}
		}
	})
}

func TestIsYes(t *testing.T) {
	t.Parallel()
	for _, no := range []string{"", "0", "false", "False", "no", "OFF"} {
		assert.False(t, isYes(no), no)
	}
	for _, yes := range []string{"1", "true", "yes", "on", "please"} {
		assert.True(t, isYes(yes), yes)
	}
}

func TestEnvironment(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv(EnvCacheDir, "")
	t.Setenv(EnvNoDownload, "")
	t.Setenv(EnvMirror, "")
	t.Setenv(EnvRefresh, "")
	root, opts, err := Environment()
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(home, ".cache", "qemu"), root)
	assert.True(t, opts.Refresh, "set, though empty")
	assert.False(t, opts.NoDownload)
	assert.Empty(t, opts.Mirrors)

	require.NoError(t, os.Unsetenv(EnvRefresh))
	t.Setenv(EnvNoDownload, "1")
	mirror := t.TempDir()
	t.Setenv(EnvMirror, mirror+":http://host:80/b")
	t.Setenv(EnvCacheDir, "/c")
	root, opts, err = Environment()
	require.NoError(t, err)
	assert.Equal(t, "/c", root)
	assert.Equal(t, Options{NoDownload: true, Mirrors: []string{mirror, "http://host:80/b"}}, opts)

	for _, lost := range []string{"/no/such/mirror", "ftp://host/b"} {
		t.Setenv(EnvMirror, mirror+" "+lost)
		_, _, err = Environment()
		assert.ErrorContains(t, err, "QEMU_TEST_ASSET_MIRROR: expected directories and http or https URLs", lost)
	}
}

// Relative directories mean the same in each package's directory as where "go test ./..." was typed.
func TestEnvironmentRelative(t *testing.T) {
	module := t.TempDir()
	pkg := filepath.Join(module, "tests", "arm")
	require.NoError(t, os.MkdirAll(filepath.Join(pkg, "here"), 0o755))
	require.NoError(t, os.Mkdir(filepath.Join(module, "mirror"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(module, "go.mod"), nil, 0o644))
	t.Chdir(pkg)
	t.Setenv(EnvCacheDir, "cache")
	t.Setenv(EnvMirror, "mirror here")
	root, opts, err := Environment()
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(module, "cache"), root)
	assert.Equal(t, []string{filepath.Join(module, "mirror"), filepath.Join(pkg, "here")}, opts.Mirrors)
}

func TestDefaultCache(t *testing.T) {
	content := pseudoRandom(1000)
	dir := t.TempDir()
	hash := sha256Of(content)
	require.NoError(t, os.WriteFile(filepath.Join(dir, hash), content, 0o644))
	a := New("http://127.0.0.1:1/x", hash)

	t.Setenv(EnvCacheDir, t.TempDir())
	t.Setenv(EnvNoDownload, "1")
	assert.Error(t, DefaultCache().Available(a))
	_, ok := a.Cached()
	assert.False(t, ok)

	t.Setenv(EnvMirror, dir)
	assert.NoError(t, DefaultCache().Available(a))
	path, err := a.Fetch(t.Context())
	require.NoError(t, err)
	requireContent(t, content, path)
	assert.Same(t, DefaultCache(), DefaultCache())
	cached, ok := a.Cached()
	assert.True(t, ok)
	assert.Equal(t, path, cached)
	require.NoError(t, DefaultCache().Close())
}

func TestDefaultCacheUnusable(t *testing.T) {
	t.Setenv("HOME", "")
	t.Setenv(EnvCacheDir, "")
	c := DefaultCache()
	a := New("http://127.0.0.1:1/x", sha256Of(nil))
	_, err := c.Fetch(t.Context(), a)
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, CacheFailed, e.Kind)
	assert.ErrorContains(t, err, "find the asset cache: $HOME is not defined: set that, or QEMU_TEST_CACHE_DIR")
	assert.Error(t, c.Available(a))
	_, ok := c.Cached(a)
	assert.False(t, ok)
	_, err = c.Entries()
	assert.Error(t, err)
	assert.NoError(t, c.Close())
}
