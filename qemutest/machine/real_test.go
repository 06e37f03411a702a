package machine

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/qemutest/qmp"
)

// requireEmulator returns the path of a system emulator, and skips a test where
// it is not installed.
func requireEmulator(t testing.TB, target string) string {
	t.Helper()
	path, err := exec.LookPath("qemu-system-" + target)
	if err != nil {
		t.Skipf("needs qemu-system-%s: install it", target)
	}
	return path
}

// launchReal launches a real QEMU that is killed after the test.
func launchReal(t *testing.T, config Config) *Machine {
	t.Helper()
	if config.LogDir == "" {
		config.LogDir = t.TempDir()
	}
	m, err := Launch(within(t, soon), config)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, m.Close()) })
	return m
}

func TestResetsOfARealGuest(t *testing.T) {
	t.Parallel()
	m := launchReal(t, Config{Binary: requireEmulator(t, "x86_64"), Args: bootSector(t, reset)})
	cursor := qmp.Cursor(0)
	for range 2 {
		_, next, err := m.QMP().WaitEvent(within(t, soon), cursor, qmp.Named("RESET"), qmp.With(qmp.Args{"guest": true}))
		require.NoError(t, err)
		cursor = next
	}
	exit, err := m.Shutdown(within(t, soon))
	require.NoError(t, err)
	assert.Equal(t, Quit, exit.Kind)
	assert.GreaterOrEqual(t, exit.Resets, 2)
	assert.NoError(t, exit.Err())
}

func TestSignalsToARealQEMU(t *testing.T) {
	t.Parallel()
	binary := requireEmulator(t, "x86_64")
	for _, test := range []struct {
		signal    syscall.Signal
		status    int
		text      string
		noMonitor bool // no monitor
	}{
		{syscall.SIGSEGV, -1, "QEMU was killed by SIGSEGV, which this process did not send", false},
		{syscall.SIGABRT, -1, "QEMU was killed by SIGABRT, which this process did not send", false},
		{syscall.SIGKILL, -1, "QEMU was killed by SIGKILL, which this process did not send", false},
		{syscall.SIGINT, 0, "QEMU ended on SIGINT, which this process did not send: ", false},
		{syscall.SIGHUP, 0, "QEMU ended on SIGHUP, which this process did not send: ", true},
	} {
		config := Config{Binary: binary, NoMonitor: test.noMonitor, Args: bootSector(t, helloAndSpin)}
		m := launchReal(t, config)
		waitForHello(t, m)
		require.NoError(t, syscall.Kill(m.PID(), test.signal))
		exit, err := m.Wait(within(t, soon))
		require.NoError(t, err)
		assert.Equal(t, Signaled, exit.Kind)
		assert.Equal(t, test.signal, exit.Signal)
		assert.Equal(t, test.status, exit.Status)
		assert.Contains(t, exit.String(), test.text)
		assert.True(t, exit.Died())
	}
}

// waitForHello waits until the guest runs, which tells also without a monitor
// that QEMU is ready for signals.
func waitForHello(t *testing.T, m *Machine) {
	t.Helper()
	_, err := m.Console(0).Wait(within(t, soon), console.Wait{Success: []console.Pattern{console.Text("A")}})
	require.NoError(t, err)
}

func TestARealQEMUWithoutAMonitor(t *testing.T) {
	t.Parallel()
	m := launchReal(t, Config{Binary: requireEmulator(t, "x86_64"), NoMonitor: true, Args: bootSector(t, helloAndSpin)})
	waitForHello(t, m)
	exit, err := m.Shutdown(within(t, soon))
	require.NoError(t, err)
	assert.Equal(t, Terminated, exit.Kind, exit.String())
	assert.NoError(t, exit.Err())
}

func TestAStoppedQEMU(t *testing.T) {
	t.Parallel()
	const short = 200 * time.Millisecond
	m := launchReal(t, Config{
		Binary: requireEmulator(t, "x86_64"), Machine: "none",
		Limits: Limits{Quit: short, Terminate: short},
	})
	require.NoError(t, syscall.Kill(m.PID(), syscall.SIGSTOP))
	start := time.Now()
	exit, err := m.Shutdown(within(t, soon))
	require.NoError(t, err)
	assert.Equal(t, TimedOut, exit.Kind, exit.String())
	assert.Equal(t, syscall.SIGKILL, exit.Signal)
	assert.GreaterOrEqual(t, time.Since(start), 2*short)
}

func TestSeveralConsoles(t *testing.T) {
	t.Parallel()
	m := launchReal(t, Config{
		Binary:   requireEmulator(t, "x86_64"),
		Args:     bootSector(t, twoPorts),
		Consoles: []Port{{Index: 0}, {Index: 1}},
	})
	exit, err := m.Wait(within(t, soon))
	require.NoError(t, err)
	assert.Equal(t, GuestShutdown, exit.Kind)
	for i, last := range []string{"A", "B"} {
		log, err := os.ReadFile(m.Console(i).LogPath())
		require.NoError(t, err)
		assert.True(t, strings.HasSuffix(string(log), last), "console %d: %q", i, log)
	}
	assert.Nil(t, m.Console(2))
	assert.Len(t, m.Consoles(), 2)
}

func TestAConsoleOnALaterPort(t *testing.T) {
	t.Parallel()
	m := launchReal(t, Config{
		Binary: requireEmulator(t, "x86_64"), Args: bootSector(t, twoPorts),
		Consoles: []Port{{Index: 1}},
	})
	<-m.Done()
	log, err := os.ReadFile(m.Console(1).LogPath())
	require.NoError(t, err)
	assert.Equal(t, "B", string(log))
}

func TestAConsoleOnADevice(t *testing.T) {
	t.Parallel()
	m := launchReal(t, Config{
		Binary:   requireEmulator(t, "x86_64"),
		Args:     append(bootSector(t, twoPorts), "-nodefaults"),
		Consoles: []Port{{Device: "isa-serial,iobase=0x2f8,irq=3"}},
	})
	<-m.Done()
	log, err := os.ReadFile(m.Console(0).LogPath())
	require.NoError(t, err)
	assert.Equal(t, "B", string(log))
}

func TestGDB(t *testing.T) {
	t.Parallel()
	m := launchReal(t, Config{Binary: requireEmulator(t, "x86_64"), GDB: true, Args: []string{"-S"}})
	require.NoError(t, m.GDB().SetDeadline(time.Now().Add(soon)))
	_, err := m.GDB().Write([]byte("$?#3f"))
	require.NoError(t, err)
	answer := make([]byte, len("+$T05"))
	_, err = io.ReadFull(m.GDB(), answer)
	require.NoError(t, err)
	assert.Equal(t, "+$T05", string(answer))
	assert.Nil(t, launchFake(t, "well-behaved").GDB())
}

func TestWrappers(t *testing.T) {
	t.Parallel()
	binary := requireEmulator(t, "x86_64")
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("needs strace: install it")
	}
	trace := filepath.Join(t.TempDir(), "trace")
	config := Config{Binary: binary, Machine: "none", Wrapper: []string{strace, "-f", "-e", "trace=exit_group", "-o", trace}}

	m := launchReal(t, config)
	exit, err := m.Shutdown(within(t, soon))
	require.NoError(t, err)
	assert.Equal(t, Quit, exit.Kind, exit.String())
	text, err := os.ReadFile(trace)
	require.NoError(t, err)
	assert.Contains(t, string(text), "exit_group(0)")

	// strace does not take its child along when it is killed.
	config.ExtraFiles, config.Limits = []*os.File{nil}, Limits{}
	alive, held, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _ = alive.Close() }()
	config.ExtraFiles[0] = held
	m = launchReal(t, config)
	require.NoError(t, held.Close())
	assert.Equal(t, Killed, m.Kill().Kind)
	requireEOF(t, alive)
}

func TestDescriptorsDoNotLeak(t *testing.T) {
	t.Parallel()
	sockets := func(consoles ...Port) int {
		m, err := Launch(context.Background(), Config{
			Binary: "qemu", NoMonitor: true, Consoles: consoles, NoConsole: len(consoles) == 0,
			Wrapper: []string{"/bin/sh", "-c", "ls -l /proc/self/fd"},
		})
		require.NoError(t, err)
		<-m.Done()
		if !strings.Contains(m.Output(), "->") {
			t.Skip("needs /proc to see descriptors")
		}
		defer func() { _ = m.Close() }()
		return strings.Count(m.Output(), "socket:")
	}
	launchFake(t, "well-behaved") // its sockets are ours
	assert.Equal(t, 0, sockets())
	assert.Equal(t, 2, sockets(Port{}, Port{Index: 1}))
}
