package gotest

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/archive"
	"github.com/qemutest/functional/qemutest/image"
)

func TestWhatGoesToTheGuest(t *testing.T) {
	t.Parallel()
	module := t.TempDir()
	for _, name := range []string{
		"testdata/shared.txt", "other/other.go",
		"pkg/pkg.go", "pkg/testdata/golden.txt", "pkg/sub/sub.go", "pkg/.git/config", "pkg/.hidden",
		"pkg/nested/go.mod", "pkg/nested/nested.go",
		"pkg/testdata/.hidden", "pkg/testdata/module/go.mod", "fuzz/FuzzX/seed",
	} {
		path := filepath.Join(module, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(name), 0o644))
	}
	require.NoError(t, os.Symlink("golden.txt", filepath.Join(module, "pkg/testdata/link")))
	binary := filepath.Join(t.TempDir(), "pkg.test")
	require.NoError(t, os.WriteFile(binary, []byte("binary"), 0o644))

	i := Invocation{Binary: binary, Dir: filepath.Join(module, "pkg"), Env: []string{"HOME=/home/me"}, Args: []string{
		"-test.trace=/out/trace", "-test.fuzz=FuzzX", "-test.fuzzcachedir=" + filepath.Join(module, "fuzz"),
	}}
	var root image.Initramfs
	require.NoError(t, i.AddTo(&root))
	guest := unpack(t, &root)
	for _, name := range []string{"testdata/shared.txt", "pkg/pkg.go", "pkg/testdata/golden.txt", "pkg/testdata/link", "pkg/sub/sub.go",
		"pkg/testdata/.hidden", "pkg/testdata/module/go.mod", "fuzz/FuzzX/seed"} {
		assert.FileExists(t, filepath.Join(guest, module, name))
	}
	for _, name := range []string{"other", "pkg/.git", "pkg/.hidden", "pkg/nested"} {
		assert.NoFileExists(t, filepath.Join(guest, module, name))
		assert.NoDirExists(t, filepath.Join(guest, module, name))
	}
	assert.DirExists(t, filepath.Join(guest, "out"))
	assert.DirExists(t, filepath.Join(guest, "home/me"))
	assert.FileExists(t, filepath.Join(guest, "etc/hostname"))
	info, err := os.Stat(filepath.Join(guest, binary))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o755), info.Mode().Perm())
}

// What makes a directory too large is named.
func TestPackageThatIsTooLarge(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, size := range map[string]int64{
		"pkg.go": 100, "testdata/images/disk.img": 200 << 20, "testdata/images/small.img": 1 << 20,
		"build/a.o": 40 << 20, "build/b.o": 30 << 20, "core": 6<<20 + 512<<10, ".cache/blob": 500 << 20,
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, nil, 0o644))
		require.NoError(t, os.Truncate(path, size))
	}
	err := Invocation{Binary: os.Args[0], Dir: dir}.AddTo(new(image.Initramfs))
	assert.EqualError(t, err, "taking the directory of the package to the guest: expected at most 256.0 MiB in "+dir+
		", got 277.5 MiB: move what the tests do not need; the largest are"+
		"\n  200.0 MiB  testdata/images/disk.img\n  70.0 MiB  build\n  6.5 MiB  core")
}

// Other tests may remove their files between any two looks at the directory.
func TestFilesThatVanish(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	gone := []string{"a-file", "a-link", "b/c/file"}
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "b/c"), 0o755))
	for _, name := range append(gone, "kept.go") {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(name), 0o644))
	}
	require.NoError(t, os.Remove(filepath.Join(dir, "a-link")))
	require.NoError(t, os.Symlink("kept.go", filepath.Join(dir, "a-link")))

	var root image.Initramfs
	require.NoError(t, addTree(&root, dir))
	for _, name := range []string{"a-file", "b"} { // before they are read
		require.NoError(t, os.RemoveAll(filepath.Join(dir, name)))
	}
	guest := unpack(t, &root)
	assert.NoFileExists(t, filepath.Join(guest, dir, "a-file"))
	assert.FileExists(t, filepath.Join(guest, dir, "kept.go"))

	// While they are listed.
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "b/c"), 0o755))
	var seen []string
	require.NoError(t, walk(dir, func(path string, entry fs.DirEntry) error {
		seen = append(seen, entry.Name())
		switch entry.Name() {
		case "b":
			require.NoError(t, os.RemoveAll(path))
		case "a-link":
			require.NoError(t, os.Remove(path))
			_, err := os.Readlink(path)
			return err
		}
		return nil
	}))
	assert.Equal(t, []string{filepath.Base(dir), "a-link", "b", "kept.go"}, seen)
	assert.ErrorIs(t, addTree(&root, filepath.Join(dir, "b")), fs.ErrNotExist, "the directory itself must be there")
}

// unpack returns a directory with what the guest has.
func unpack(t *testing.T, root *image.Initramfs) string {
	t.Helper()
	packed := filepath.Join(t.TempDir(), "initramfs.cpio")
	require.NoError(t, root.WriteFile(packed))
	guest := t.TempDir()
	require.NoError(t, archive.Extract(t.Context(), guest, archive.File(packed), archive.Options{}))
	return guest
}
