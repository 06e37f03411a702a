package qemutest_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest/internal/guard"
)

// reproOf runs a scenario that fails and returns the path of its script.
func reproOf(t *testing.T, name string, args ...string) (path, text string) {
	t.Helper()
	return reproIn(t, scenario(t, name, args...))
}

// reproIn returns the script that a failed scenario left.
func reproIn(t *testing.T, got outcome) (path, text string) {
	t.Helper()
	require.Equal(t, 1, got.status, got.output)
	path = filepath.Join(got.logDir, "x86_64", "TestScenario", "repro.sh")
	assert.Contains(t, got.output, "run its machine by hand: sh "+path)
	script, err := os.ReadFile(path)
	require.NoError(t, err)
	return path, string(script)
}

// runUntil runs a script until it prints text, and returns what it printed. Its
// standard input is closed.
func runUntil(t *testing.T, text string, script ...string) string {
	t.Helper()
	cmd := exec.Command("sh", append([]string{"-c", `exec sh "$@" <&-`, "sh"}, script...)...)
	output, input, err := os.Pipe()
	require.NoError(t, err)
	defer output.Close()
	cmd.Stdout, cmd.Stderr = input, input
	process, err := guard.Start(cmd)
	require.NoError(t, err)
	require.NoError(t, input.Close())
	var seen strings.Builder
	for lines := bufio.NewReader(output); text == "" || !strings.Contains(seen.String(), text); {
		b, err := lines.ReadByte()
		if err != nil {
			require.ErrorIs(t, err, io.EOF)
			break
		}
		seen.WriteByte(b)
	}
	_ = process.Signal(syscall.SIGTERM) // it removes its sockets
	<-process.Done()
	return seen.String()
}

func TestRepro(t *testing.T) {
	t.Parallel()
	path, script := reproOf(t, "fails by itself")
	for _, text := range []string{
		"# A machine of the failed test TestScenario, by hand.",
		`default: console 0: found "SeaBIOS (version"`,
		"QEMU_TEST_KEEP_SCRATCH=1 go test -v -count=1 -run '^TestScenario$' ./qemutest",
		"# environment QEMU_TEST_LOG_DIR=",
		" -machine pc,graphics=off ",
	} {
		assert.Contains(t, script, text)
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o755), info.Mode().Perm())

	output := runUntil(t, "SeaBIOS (version", path)
	require.Contains(t, output, "SeaBIOS (version", "the console is the same by hand")
	sockets, _, _ := strings.Cut(strings.TrimPrefix(output, "sockets: "), "\n")
	assert.NoDirExists(t, sockets)
	assert.Contains(t, runUntil(t, "", path, "other"), "expected one of the machines default")
}

func TestReproOfAWait(t *testing.T) {
	t.Parallel()
	_, script := reproIn(t, limited(t, "waits for what never comes"))
	assert.Regexp(t, `(?m)^# +\d\.\d{3}  default: console 0: waiting for "login:" ended after `, script)
}

// The script tells what to type, and which file each asset is.
func TestReproTellsStepsAndAssets(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	_, script := reproOf(t, "fails after much typing", "QEMU_TEST_CACHE_DIR="+cache, "QEMU_TEST_ASSET_MIRROR="+mirror(t))
	for _, step := range []string{
		`launching`,
		`console 0: found "SeaBIOS \(version"`,
		`console 0: sending "text"`,
		`console 0: sending line "a line"`,
		`console 0: sending "key" every 1s`,
		`console 0: found "Booting"`,
	} {
		assert.Regexp(t, `(?m)^# +\d+\.\d{3}  default: `+step, script)
	}
	assert.Contains(t, script, "# asset http://127.0.0.1:1/firmware.bin\n#   "+filepath.Join(cache, "download", smallAssetHash)+"\n")
}

func TestReproOfAFailedLaunch(t *testing.T) {
	t.Parallel()
	path, _ := reproOf(t, "cannot launch")
	assert.Contains(t, runUntil(t, "", path), "no-such-device")
}

func TestReproOfSeveralMachines(t *testing.T) {
	t.Parallel()
	path, _ := reproOf(t, "fails with two machines")
	assert.Contains(t, runUntil(t, "it's $HOME", path), "it's $HOME", "what the machine was given is still there")
	assert.Contains(t, runUntil(t, "SeaBIOS (version", path, "two words"), "SeaBIOS (version")
	scratch := filepath.Join(filepath.Dir(path), "scratch")
	assert.NoFileExists(t, filepath.Join(scratch, "unused"))

	require.NoError(t, os.RemoveAll(scratch))
	assert.Regexp(t, `/boot-sector.img is gone: the test made it, .*\nRun the test again`, runUntil(t, "", path))

	path, _ = reproOf(t, "fails with two machines", "QEMU_TEST_KEEP_SCRATCH=1")
	assert.Contains(t, runUntil(t, "it's $HOME", path), "it's $HOME")
}
