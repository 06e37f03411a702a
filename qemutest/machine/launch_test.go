package machine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/qemutest/qmp"
)

func launchError(t *testing.T, ctx context.Context, config Config) *LaunchError {
	t.Helper()
	m, err := Launch(ctx, config)
	require.Nil(t, m)
	var failure *LaunchError
	require.ErrorAs(t, err, &failure)
	return failure
}

func TestAQEMUThatExitsInsteadOfGreeting(t *testing.T) {
	t.Parallel()
	config := fakeConfig(t, "refuses")
	config.Args = []string{"-device", "foo"}
	failure := launchError(t, within(t, soon), config)
	assert.Equal(t, Exited, failure.How.Kind)
	assert.Equal(t, 1, failure.How.Status)
	assert.Equal(t, "fake: -device foo: not a device\n", failure.Output)
	assert.Equal(t, []string{"-device", "foo"}, failure.Argv[len(failure.Argv)-2:])
	assert.ErrorIs(t, failure, qmp.ErrLost)
	assert.Regexp(t, `^expected QEMU to start, it exited with status 1: fake: -device foo: not a device
command line:
  \S+ -display none .* -device foo
output:
  fake: -device foo: not a device$`, failure.Error())
}

func TestAQEMUThatDoesNotGreet(t *testing.T) {
	t.Parallel()
	config := fakeConfig(t, "says-nothing")
	config.Limits.Launch = 100 * time.Millisecond
	failure := launchError(t, within(t, soon), config)
	assert.Equal(t, TimedOut, failure.How.Kind)
	assert.ErrorContains(t, failure, "expected QEMU to start, but QEMU did not greet on QMP within 100ms; SIGKILL ended it\n")

	cause := errors.New("the test is over")
	ctx, cancel := context.WithTimeoutCause(context.Background(), 100*time.Millisecond, cause)
	defer cancel()
	failure = launchError(t, ctx, fakeConfig(t, "says-nothing"))
	assert.ErrorIs(t, failure, cause)
	assert.ErrorContains(t, failure, "did not greet on QMP before the context ended (the test is over)")
}

func TestAnEmulatorThatCannotBeExecuted(t *testing.T) {
	t.Parallel()
	failure := launchError(t, t.Context(), Config{Binary: "qemu-system-nonesuch"})
	assert.ErrorContains(t, failure, `expected QEMU to start, but exec: "qemu-system-nonesuch": executable file not found in $PATH: install it`)
	assert.Equal(t, Running, failure.How.Kind)

	file := filepath.Join(t.TempDir(), "qemu")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	assert.ErrorIs(t, launchError(t, t.Context(), Config{Binary: file}), os.ErrPermission)

	_, err := Launch(t.Context(), Config{Binary: "/bin/true", LogDir: filepath.Join(file, "missing")})
	assert.ErrorContains(t, err, "machine: making the log of QEMU's output")
}

func TestALateGreeting(t *testing.T) {
	t.Parallel()
	m := launchFake(t, "late")
	assert.Equal(t, "9.1.2", m.QMP().Version().String())
	assert.Equal(t, defaultName, m.Name())
}

// A log that cannot be made is found out when QEMU runs already.
func TestALogThatCannotBeMade(t *testing.T) {
	t.Parallel()
	alive, held, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = alive.Close() })
	config := fakeConfig(t, "says-nothing")
	config.Consoles = []Port{{Options: console.Options{LogPath: filepath.Join(t.TempDir(), "missing", "log")}}}
	config.ExtraFiles = []*os.File{held}
	m, err := Launch(t.Context(), config)
	require.NoError(t, held.Close())
	assert.Nil(t, m)
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.ErrorContains(t, err, "machine: console 0: cannot open the log: ")
	requireEOF(t, alive)
}

// The console is recorded from the first byte: more than a socket holds is
// printed before the monitor greets.
func TestWhatIsPrintedBeforeTheGreeting(t *testing.T) {
	t.Parallel()
	m := launchFake(t, "prints-early")
	match, err := m.Console(0).Wait(within(t, soon), console.Wait{Success: []console.Pattern{console.Text("first words")}})
	require.NoError(t, err)
	assert.EqualValues(t, 1<<20+2, match.Start)
}

func TestLogsAreNotOverwritten(t *testing.T) {
	t.Parallel()
	config := fakeConfig(t, "well-behaved")
	config.Consoles = []Port{{Index: 0}, {Index: 2}}
	var got []string
	for _, name := range []string{"", "", "target"} {
		config.Name = name
		m, err := Launch(within(t, soon), config)
		require.NoError(t, err)
		for _, path := range m.Logs() {
			assert.FileExists(t, path)
			relative, err := filepath.Rel(config.LogDir, path)
			require.NoError(t, err)
			got = append(got, relative)
		}
		require.NoError(t, m.Close())
	}
	assert.Equal(t, []string{
		"console.log", "console-timed.log", "console2.log", "console2-timed.log", "default.log", "qmp.log",
		"console-2.log", "console-timed-2.log", "console2-2.log", "console2-timed-2.log", "default-2.log", "qmp-2.log",
		"target-console.log", "target-console-timed.log", "target-console2.log", "target-console2-timed.log", "target.log", "target-qmp.log",
	}, got)
}

func TestWithoutALogDirectoryNothingIsLeft(t *testing.T) {
	t.Parallel()
	config := fakeConfig(t, "fails")
	config.LogDir = ""
	m, err := Launch(within(t, soon), config)
	require.NoError(t, err)
	assert.Empty(t, m.Logs())
	_, _ = m.QMP().Execute(within(t, soon), "end", nil)
	<-m.Done()
	assert.Equal(t, "fake: disk on fire\n", m.Output())
	require.NoError(t, m.Close())
	assert.Equal(t, "fake: disk on fire\n", m.Output())
}
