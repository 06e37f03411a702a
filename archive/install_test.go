package archive_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/archive"
)

// write makes a file with its directories.
func write(t testing.TB, path, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

func read(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(content)
}

func TestExtractIntoExistingDirectory(t *testing.T) {
	t.Parallel()
	dst := t.TempDir()
	write(t, filepath.Join(dst, "etc/mine"), "mine")
	write(t, filepath.Join(dst, "etc/old"), "old")
	require.NoError(t, os.Chmod(filepath.Join(dst, "etc"), 0o711))
	require.NoError(t, os.Symlink("mine", filepath.Join(dst, "etc/link")))

	data := buildTar(t, dir("etc/"), file("etc/old", "new"), file("etc/link", "no link"), dir("usr/"), file("usr/x", "x"))
	for range 2 { // a second time changes nothing
		require.NoError(t, archive.Extract(context.Background(), dst, stream(data, "x.tar"), archive.Options{}))
		assert.Equal(t, []string{"etc", "etc/link", "etc/mine", "etc/old", "usr", "usr/x"}, names(t, dst))
		assert.Equal(t, "mine", read(t, filepath.Join(dst, "etc/mine")), "written through a link that was there")
		assert.Equal(t, "new", read(t, filepath.Join(dst, "etc/old")))
		assert.Equal(t, "no link", read(t, filepath.Join(dst, "etc/link")))
		info, err := os.Stat(filepath.Join(dst, "etc"))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o711), info.Mode().Perm(), "a directory that was there keeps its mode")
	}
}

// What cannot be put in its place makes everything else go back to where it was.
func TestConflictWithExisting(t *testing.T) {
	t.Parallel()
	for name, conflict := range map[string]struct {
		existing string
		member   member
		want     string
	}{
		"file in place of directory": {"z/deep/x", file("z/deep", "x"), `cannot extract the file "z/deep"`},
		"directory in place of file": {"z", dir("z/"), `cannot extract the directory "z"`},
		"below a file":               {"z", file("z/a", "x"), `cannot extract the directory "z"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dst := t.TempDir()
			write(t, filepath.Join(dst, conflict.existing), "there first")
			write(t, filepath.Join(dst, "b"), "old")
			require.NoError(t, os.Mkdir(filepath.Join(dst, "d"), 0o755))
			before := listing(t, dst)
			data := buildTar(t, file("a", "new"), file("b", "new"), dir("d/"), file("d/x", "new"), conflict.member)
			err := archive.Extract(context.Background(), dst, stream(data, "x.tar"), archive.Options{})
			require.ErrorContains(t, err, conflict.want)
			require.ErrorContains(t, err, "remove it first")
			after := listing(t, dst)
			require.Len(t, after, len(before))
			for i := range before {
				if before[i][0] == '-' { // the times of directories moved
					assert.Equal(t, before[i], after[i])
				}
			}
		})
	}
}

func TestDestinationIsMade(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dst := filepath.Join(root, "a/b/c")
	good, bad := buildTar(t, file("x", "x")), buildTar(t, file("../x", "x"))

	require.Error(t, archive.Extract(context.Background(), dst, stream(bad, "x.tar"), archive.Options{}))
	assert.Empty(t, names(t, root), "directories are left")

	require.NoError(t, archive.Extract(context.Background(), dst, stream(good, "x.tar"), archive.Options{}))
	assert.Equal(t, []string{"a", "a/b", "a/b/c", "a/b/c/x"}, names(t, root))

	require.Error(t, archive.Extract(context.Background(), filepath.Join(dst, "d"), stream(bad, "x.tar"), archive.Options{}))
	assert.Equal(t, []string{"a", "a/b", "a/b/c", "a/b/c/x"}, names(t, root))

	require.Error(t, archive.Extract(context.Background(), filepath.Join(dst, "x"), stream(good, "x.tar"), archive.Options{}), "dst is a file")
}

// Parallel subtests extract members of one archive into one directory.
func TestConcurrentExtraction(t *testing.T) {
	t.Parallel()
	var members []member
	for i := range 16 {
		members = append(members, file(fmt.Sprintf("boot/dtb/%d", i), "x"))
	}
	data := buildTar(t, members...)
	dst := filepath.Join(t.TempDir(), "out")
	var wg sync.WaitGroup
	for _, m := range members {
		wg.Go(func() {
			err := archive.Extract(context.Background(), dst, stream(data, "x.tar"), archive.Options{Members: []string{m.name}})
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	assert.Len(t, names(t, dst), 2+len(members))
}

// Whoever removes the tree need not be root: the owner keeps all rights on directories.
func TestDirectoryModes(t *testing.T) {
	t.Parallel()
	dst := extract(t, stream(buildTar(t, member{name: "d/", mode: typeDir | 0o555}, file("d/x", "x"),
		member{name: "none/", mode: typeDir}), "x.tar"), archive.Options{})
	for name, want := range map[string]os.FileMode{"d": 0o755, "none": 0o700} {
		info, err := os.Stat(filepath.Join(dst, name))
		require.NoError(t, err)
		assert.Equal(t, want, info.Mode().Perm())
		assert.Equal(t, testTime.Unix(), info.ModTime().Unix())
	}
}

// An error in the middle of a file that is decoded in parallel ends the goroutines.
func TestNoGoroutinesAreLeft(t *testing.T) {
	t.Parallel()
	content := noise(100_000)
	data := xzBlocks(t, string(buildTar(t, file("a", content), file("../b", content), file("c", content))), 10_000)
	src := archive.Source{Path: save(t, data), Name: "x.tar.xz"}
	synctest.Test(t, func(t *testing.T) { // fails if goroutines are blocked at its end
		require.ErrorIs(t, archive.Extract(context.Background(), t.TempDir(), src, archive.Options{}), archive.ErrUnsafe)
	})
}
