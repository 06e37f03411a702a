package disk

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// file makes a file with these contents and returns its path.
func file(t *testing.T, contents string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(contents), 0o400))
	return path
}

func contents(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

func TestCopy(t *testing.T) {
	t.Parallel()
	for size, want := range map[int64]string{0: "abc", 2: "ab", 5: "abc\x00\x00"} {
		dst := filepath.Join(t.TempDir(), "copy")
		require.NoError(t, copyFile(dst, file(t, "abc"), size))
		assert.Equal(t, want, contents(t, dst))
		info, err := os.Stat(dst)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "the guest writes to it")
		require.ErrorIs(t, copyFile(dst, file(t, "abc"), size), os.ErrExist)
	}
}

func TestGrow(t *testing.T) {
	t.Parallel()
	for size, want := range map[int64]int64{1: 1, 2: 2, 3: 4, 4: 4, 5: 8, 1<<33 + 1: 1 << 34} {
		path := filepath.Join(t.TempDir(), "image")
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.NoError(t, os.Truncate(path, size))
		require.NoError(t, grow(path))
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, want, info.Size())
	}
	require.ErrorContains(t, grow(file(t, "")), "is empty")
}

func TestOverlay(t *testing.T) {
	t.Parallel()
	image := file(t, "0123456789")
	require.NoError(t, os.Chmod(image, 0o600))
	require.NoError(t, overlay(image, 4, file(t, "abc")))
	assert.Equal(t, "0123abc789", contents(t, image))
}

func TestCarve(t *testing.T) {
	t.Parallel()
	image, dst := file(t, "0123456789"), filepath.Join(t.TempDir(), "part")
	require.NoError(t, carve(dst, image, 7, 3))
	assert.Equal(t, "789", contents(t, dst))
	require.ErrorContains(t, carve(dst+"2", image, 7, 4), "ends after 3 of them")
}
