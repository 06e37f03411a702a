package qemutest_test

import (
	"compress/gzip"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
)

// userTest starts a test that needs no QEMU, with stands-in for a user-mode
// emulator.
func userTest(t *testing.T) *qemutest.Test {
	t.Helper()
	tree := t.TempDir()
	program(t, tree, "qemu-vax", "exit 1")
	t.Setenv("QEMU_TEST_BUILD_DIR", tree)
	t.Setenv("QEMU_TEST_LOG_DIR", t.TempDir())
	return qemutest.New(t, "vax", qemutest.UserMode(), qemutest.Serial())
}

// The path of a socket in the directory fits, however long that of TMPDIR is.
func TestSocketDir(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("long/", 20))
	require.NoError(t, os.MkdirAll(long, 0o755))
	t.Setenv("TMPDIR", long)
	var dir string
	t.Run("test", func(t *testing.T) {
		q := userTest(t)
		dir = q.SocketDir()
		assert.Equal(t, dir, q.SocketDir())
		listener, err := net.Listen("unix", filepath.Join(dir, "qmp.sock"))
		require.NoError(t, err)
		require.NoError(t, listener.Close())
	})
	assert.NoDirExists(t, dir)
}

// What is unpacked gets a name that can stand in QEMU's options.
func TestDecompressNames(t *testing.T) {
	source := filepath.Join(t.TempDir(), "a,b:c.img.gz")
	file, err := os.Create(source)
	require.NoError(t, err)
	writer := gzip.NewWriter(file)
	_, err = writer.Write([]byte("content"))
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	require.NoError(t, file.Close())

	q := userTest(t)
	for _, want := range []string{"a_b_c.img", "a_b_c.img.2"} {
		path := q.Decompress(qemutest.File(source))
		assert.Equal(t, q.Scratch(want), path)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, "content", string(content))
	}
}

// A comma in the name of a test, or in the path of a directory, ends the value
// of an option of QEMU.
func TestCommas(t *testing.T) {
	t.Run("test", func(t *testing.T) {
		t.Parallel()
		got := scenario(t, "has a name with a comma")
		assert.Zero(t, got.status, got.output)
	})
	t.Run("directory", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(t.TempDir(), "a,b")
		got := scenario(t, "prints a failure text", "QEMU_TEST_LOG_DIR="+dir)
		assert.Equal(t, 1, got.status)
		assert.Contains(t, got.output, dir+"/x86_64/TestScenario has a comma, which ends the value of an option of QEMU: set QEMU_TEST_LOG_DIR to another")
	})
}
