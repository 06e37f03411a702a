package qemutest_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
)

// program makes a shell script in a directory and returns its path.
func program(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755))
	return path
}

// The tests here run without QEMU: programs stand in for its emulators and
// tools, in a build tree, in PATH or named by a variable.

func TestUserEmulator(t *testing.T) {
	const printArguments = `printf '<%s>' "$0" "$@"`
	for name, set := range map[string]func(t *testing.T) (emulator string){
		"build tree": func(t *testing.T) string {
			t.Setenv("QEMU_TEST_BUILD_DIR", t.TempDir())
			return program(t, os.Getenv("QEMU_TEST_BUILD_DIR"), "qemu-vax", printArguments)
		},
		"PATH": func(t *testing.T) string {
			t.Setenv("PATH", t.TempDir()+":"+os.Getenv("PATH"))
			dir := filepath.SplitList(os.Getenv("PATH"))[0]
			program(t, dir, "qemu-vax-static", "exit 1")
			return program(t, dir, "qemu-vax", printArguments)
		},
		"static in PATH": func(t *testing.T) string {
			t.Setenv("PATH", t.TempDir()+":"+os.Getenv("PATH"))
			return program(t, filepath.SplitList(os.Getenv("PATH"))[0], "qemu-vax-static", printArguments)
		},
		"binary": func(t *testing.T) string {
			path := program(t, t.TempDir(), "qemu-vax", printArguments)
			t.Setenv("QEMU_TEST_QEMU_BINARY", path)
			return path
		},
		"static binary": func(t *testing.T) string {
			path := program(t, t.TempDir(), "qemu-vax-static", printArguments)
			t.Setenv("QEMU_TEST_QEMU_BINARY", path)
			return path
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("QEMU_TEST_LOG_DIR", t.TempDir())
			emulator := set(t)
			q := qemutest.New(t, "vax", qemutest.UserMode(), qemutest.Serial())
			assert.Equal(t, emulator, q.Emulator())
			q.AddLibraryPath("/first root")
			q.AddLibraryPath("/second")
			result := q.Run("/bin/uname", "-m", "two words")
			q.Check(result.Err())
			assert.Equal(t, "<"+emulator+"><-L></first root><-L></second></bin/uname><-m><two words>", result.Stdout)
		})
	}
}

func TestResult(t *testing.T) {
	t.Setenv("QEMU_TEST_BUILD_DIR", t.TempDir())
	t.Setenv("QEMU_TEST_LOG_DIR", t.TempDir())
	program(t, os.Getenv("QEMU_TEST_BUILD_DIR"), "qemu-vax", `eval "$1"`)
	t.Run("results", func(t *testing.T) {
		q := qemutest.New(t, "vax", qemutest.UserMode(), qemutest.Serial())

		result := q.Run("echo output; echo complaint >&2; exit 3")
		assert.Equal(t, 3, result.Status)
		assert.Equal(t, "output\n", result.Stdout)
		assert.Equal(t, "complaint\n", result.Stderr)
		assert.ErrorContains(t, result.Err(), "ended with status 3\n  complaint")

		assert.ErrorContains(t, q.Run("echo complaint; exit 3").Err(), "ended with status 3\n  complaint")

		result = q.Run("kill -SEGV $$")
		assert.Equal(t, syscall.SIGSEGV, result.Signal)
		assert.ErrorContains(t, result.Err(), "was killed by signal 11 (segmentation fault)")
	})
}

func TestTool(t *testing.T) {
	t.Setenv("QEMU_TEST_LOG_DIR", t.TempDir())
	tree := t.TempDir()
	program(t, tree, "qemu-vax", "exit 1")
	program(t, tree, "qemu-img", `echo "of the tree: $*"`)
	t.Setenv("QEMU_TEST_BUILD_DIR", tree)
	tool := func(t *testing.T) string {
		return qemutest.New(t, "vax", qemutest.UserMode(), qemutest.Serial()).Tool("qemu-img", "--version")
	}
	t.Run("build tree", func(t *testing.T) {
		assert.Equal(t, "of the tree: --version\n", tool(t))
	})
	t.Run("variable", func(t *testing.T) {
		t.Setenv("QEMU_TEST_QEMU_IMG", program(t, t.TempDir(), "my-qemu-img", `echo "of my own: $*"`))
		assert.Equal(t, "of my own: --version\n", tool(t))
	})
}
