package image

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/archive"
)

// small returns an initramfs with an entry of each kind.
func small() *Initramfs {
	var i Initramfs
	i.AddBytes("/init", 0o755, []byte("#!/bin/sh\n"))
	i.AddBytes("bin/su", fs.ModeSetuid|0o755, []byte("x"))
	i.AddDir("tmp", fs.ModeSticky|0o777)
	i.AddSymlink("bin/sh", "busybox")
	i.AddDevice("dev/console", fs.ModeCharDevice|0o600, 5, 1)
	i.AddDevice("dev/vda", 0o660, 254, 0)
	i.AddFS("etc", fstest.MapFS{
		"hostname":     {Data: []byte("guest\n"), Mode: 0o644},
		"rc.d/network": {Data: nil, Mode: 0o755},
		"mtab":         {Data: []byte("/proc/mounts"), Mode: fs.ModeSymlink | 0o777},
	})
	return &i
}

// write returns what the initramfs writes.
func write(t *testing.T, i *Initramfs) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := i.WriteTo(&b)
	require.NoError(t, err)
	require.Equal(t, int64(b.Len()), n)
	return b.Bytes()
}

func TestCpioReadsInitramfs(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("cpio"); err != nil {
		t.Skip("needs the cpio command: install package cpio")
	}
	cmd := exec.Command("cpio", "-tvn", "--quiet")
	cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C")
	cmd.Stdin = bytes.NewReader(write(t, small()))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, `drwxr-xr-x   1 0        0               0 Jan  1  1970 bin
lrwxrwxrwx   1 0        0               7 Jan  1  1970 bin/sh -> busybox
-rwsr-xr-x   1 0        0               1 Jan  1  1970 bin/su
drwxr-xr-x   1 0        0               0 Jan  1  1970 dev
crw-------   1 0        0          5,   1 Jan  1  1970 dev/console
brw-rw----   1 0        0        254,   0 Jan  1  1970 dev/vda
dr-xr-xr-x   1 0        0               0 Jan  1  1970 etc
-rw-r--r--   1 0        0               6 Jan  1  1970 etc/hostname
lrwxrwxrwx   1 0        0              12 Jan  1  1970 etc/mtab -> /proc/mounts
dr-xr-xr-x   1 0        0               0 Jan  1  1970 etc/rc.d
-rwxr-xr-x   1 0        0               0 Jan  1  1970 etc/rc.d/network
-rwxr-xr-x   1 0        0              10 Jan  1  1970 init
drwxrwxrwt   1 0        0               0 Jan  1  1970 tmp
`, string(out))
}

func TestInitramfsUnpacks(t *testing.T) {
	t.Parallel()
	for _, compression := range []archive.Compression{"", archive.None, archive.Gzip, archive.Zstd, archive.XZ} {
		i := small()
		i.Compression = compression
		i.ModTime = time.Unix(1e9, 5)
		dir := filepath.Join(t.TempDir(), "root")
		var left []string
		err := archive.Extract(t.Context(), dir, archive.Source{Reader: bytes.NewReader(write(t, i)), Name: "initrd"}, archive.Options{
			Note: func(text string) { left = append(left, text) },
		})
		require.NoError(t, err, compression)
		assert.Len(t, left, 2, "device nodes are left out: %q", left)

		content, err := os.ReadFile(filepath.Join(dir, "etc/hostname"))
		require.NoError(t, err)
		assert.Equal(t, "guest\n", string(content))
		target, err := os.Readlink(filepath.Join(dir, "etc/mtab"))
		require.NoError(t, err)
		assert.Equal(t, "/proc/mounts", target)
		info, err := os.Stat(filepath.Join(dir, "bin/su"))
		require.NoError(t, err)
		assert.Equal(t, fs.ModeSetuid|0o755, info.Mode())
		assert.Equal(t, time.Unix(1e9, 0).UTC(), info.ModTime().UTC())
	}
}

func TestInitramfsIsReproducible(t *testing.T) {
	t.Parallel()
	assert.Equal(t, write(t, small()), write(t, small()))
}

func TestInitramfsReplaces(t *testing.T) {
	t.Parallel()
	twice := small()
	twice.AddBytes("./init", 0o644, []byte("other"))
	twice.AddBytes("/init", 0o755, []byte("#!/bin/sh\n"))
	assert.Equal(t, write(t, small()), write(t, twice))
}

func TestInitramfsOfTree(t *testing.T) {
	t.Parallel()
	tree := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(tree, "sub"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(tree, "sub/file"), []byte("content"), 0o640))
	require.NoError(t, os.Chmod(filepath.Join(tree, "sub/file"), 0o640))
	require.NoError(t, os.Symlink("sub/file", filepath.Join(tree, "link")))

	var whole, single Initramfs
	whole.AddTree(".", tree)
	single.AddFile("sub/file", 0, filepath.Join(tree, "sub/file"))
	single.AddSymlink("link", "sub/file")
	assert.Equal(t, write(t, &single), write(t, &whole))
}

func TestInitramfsErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		add  func(i *Initramfs)
		want string
	}{
		"root":      {func(i *Initramfs) { i.AddDir("/", 0o755) }, `initramfs entry "/": expected the name of an entry below the root`},
		"empty":     {func(i *Initramfs) { i.AddBytes("", 0o755, nil) }, `initramfs entry "": expected the name`},
		"dots":      {func(i *Initramfs) { i.AddBytes("../x", 0o755, nil) }, `without ".." in it`},
		"nul":       {func(i *Initramfs) { i.AddBytes("a\x00", 0o755, nil) }, `expected the name of an entry`},
		"no file":   {func(i *Initramfs) { i.AddFile("init", 0, "/no/such/file") }, "/no/such/file"},
		"directory": {func(i *Initramfs) { i.AddFile("init", 0, "/") }, "expected / to be a regular file"},
		"no tree":   {func(i *Initramfs) { i.AddTree("x", "/no/such/tree") }, "/no/such/tree"},
		"no target": {func(i *Initramfs) { i.AddSymlink("x", "") }, "expected a symbolic link to have a target"},
		"below a file": {func(i *Initramfs) {
			i.AddBytes("a", 0o644, nil)
			i.AddBytes("a/b", 0o644, nil)
		}, `initramfs entry "a/b": expected "a" to be a directory, but it was added as -rw-r--r--`},
		"device in a tree": {func(i *Initramfs) {
			i.AddFS("dev", fstest.MapFS{"null": {Mode: fs.ModeDevice | fs.ModeCharDevice}})
		}, "AddDevice adds devices"},
		"compression": {func(i *Initramfs) { i.Compression = archive.LZ4 }, `not with "lz4"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var i Initramfs
			c.add(&i)
			var b bytes.Buffer
			_, err := i.WriteTo(&b)
			require.ErrorContains(t, err, c.want)
			assert.Zero(t, b.Len())
		})
	}
}

// A file that changes while it is written would shift everything after it.
func TestInitramfsOfChangingFile(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "longer than before"} {
		path := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(path, []byte("before"), 0o644))
		var i Initramfs
		i.AddFile("file", 0, path)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
		_, err := i.WriteTo(&bytes.Buffer{})
		require.ErrorContains(t, err, `initramfs entry "file": expected a file of 6 bytes that nobody changes`)
	}
}

// Files that others remove are left out, whenever that is, if they are added so.
func TestInitramfsOfVanishingFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var i, want Initramfs
	for _, name := range []string{"early", "kept", "late"} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(name), 0o644))
		if name == "early" {
			require.NoError(t, os.Remove(path))
		}
		i.AddFileIfThere(name, 0, path)
	}
	require.NoError(t, os.Remove(filepath.Join(dir, "late")))
	want.AddFile("kept", 0, filepath.Join(dir, "kept"))
	assert.Equal(t, write(t, &want), write(t, &i))

	i.AddFileIfThere("directory", 0, dir)
	_, err := i.WriteTo(io.Discard)
	assert.ErrorContains(t, err, "to be a regular file")
}

func TestWriteFileIsAllOrNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "initrd")
	require.NoError(t, small().WriteFile(path))
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, write(t, small()), before)

	var bad Initramfs
	bad.AddDir("..", 0)
	require.Error(t, bad.WriteFile(path))
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, before, after)
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, files, 1)
}

func TestInitramfsReportsFailedWrite(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	for _, compression := range []archive.Compression{archive.None, archive.Gzip, archive.Zstd, archive.XZ} {
		i := small()
		i.Compression = compression
		_, err := i.WriteTo(failingWriter{full})
		require.ErrorIs(t, err, full, compression)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }
