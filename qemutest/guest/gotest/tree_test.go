package gotest

import (
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
	packed := filepath.Join(t.TempDir(), "initramfs.cpio")
	require.NoError(t, root.WriteFile(packed))
	guest := t.TempDir()
	require.NoError(t, archive.Extract(t.Context(), guest, archive.File(packed), archive.Options{}))

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
