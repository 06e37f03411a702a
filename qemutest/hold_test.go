package qemutest_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// held is a test process that keeps its machine after a failure. It has no
// terminal.
func held(t *testing.T, args ...string) (cmd *exec.Cmd, logDir, text string) {
	t.Helper()
	cmd, logRoot := scenarioCommand(t, "fails by itself", append([]string{"QEMU_TEST_HOLD=5m"}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	return startHeld(t, cmd, logRoot)
}

// startHeld starts such a process and waits until it keeps its machine.
func startHeld(t *testing.T, cmd *exec.Cmd, logRoot string) (_ *exec.Cmd, logDir, text string) {
	t.Helper()
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	logDir = filepath.Join(logRoot, "x86_64", "TestScenario")
	require.Eventually(t, func() bool {
		info, err := os.Stat(filepath.Join(logDir, "hold"))
		return err == nil && info.Mode().Type() == os.ModeNamedPipe
	}, 2*time.Minute, 10*time.Millisecond)
	data, err := os.ReadFile(filepath.Join(logDir, "hold.txt"))
	require.NoError(t, err)
	return cmd, logDir, string(data)
}

func TestHold(t *testing.T) {
	t.Parallel()
	d, logDir, text := held(t)
	for _, say := range []struct{ socket, send, want string }{
		{`console 0: .*unix-connect:(\S+)`, "", "SeaBIOS (version"},
		{`QMP: .*unix-connect:(\S+)`, "", `{"QMP": `},
		{`monitor: .*unix-connect:(\S+)`, "info status\n", "VM status: running"},
		{`target remote (\S+)'`, "$?#3f", "+$T"},
	} {
		m := regexp.MustCompile(say.socket).FindStringSubmatch(text)
		require.NotNil(t, m, text)
		conn, err := net.Dial("unix", m[1])
		require.NoError(t, err)
		require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
		_, err = io.WriteString(conn, say.send)
		require.NoError(t, err)
		var seen bytes.Buffer
		for !bytes.Contains(seen.Bytes(), []byte(say.want)) {
			_, err := io.CopyN(&seen, conn, 1)
			require.NoError(t, err, seen.String())
		}
		require.NoError(t, conn.Close())
	}
	pipe, err := os.OpenFile(filepath.Join(logDir, "hold"), os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = pipe.WriteString("\n")
	require.NoError(t, err)
	require.NoError(t, pipe.Close())
	require.Error(t, d.Wait(), "the test has failed")
	assert.NoFileExists(t, filepath.Join(logDir, "hold"))
}

// Under go test, which gives tests no terminal and shows their output at the
// end, the machines are kept as well, until the time is over.
func TestHoldUnderGoTest(t *testing.T) {
	t.Parallel()
	cmd, logRoot := scenarioCommand(t, "fails by itself", "QEMU_TEST_HOLD=5s")
	underGoTest(cmd)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd, logDir, text := startHeld(t, cmd, logRoot)
	m := regexp.MustCompile(`machine "default", process (\d+):`).FindStringSubmatch(text)
	require.NotNil(t, m, text)
	pid, err := strconv.Atoi(m[1])
	require.NoError(t, err)
	assert.NoError(t, syscall.Kill(pid, 0), "QEMU is there")
	require.Error(t, cmd.Wait(), "the test has failed")
	assert.Contains(t, output.String(), "its machines are kept until ")
	assert.Contains(t, output.String(), "End it: press Enter here, or: echo >"+filepath.Join(logDir, "hold"))
	log, err := os.ReadFile(filepath.Join(logDir, "base.log"))
	require.NoError(t, err)
	assert.Contains(t, string(log), "the machines are not kept any longer")
	assert.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH, "QEMU is gone")
}

// Where there is a terminal, it says how to attach, and Enter is the end.
func TestHoldOnATerminal(t *testing.T) {
	t.Parallel()
	cmd, logRoot := scenarioCommand(t, "fails by itself", "QEMU_TEST_HOLD=5m")
	underGoTest(cmd)
	terminal, theirs := openTerminal(t)
	defer theirs.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs, theirs, theirs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	cmd, _, _ = startHeld(t, cmd, logRoot)
	var seen bytes.Buffer
	for !bytes.Contains(seen.Bytes(), []byte("End it: press Enter here")) {
		_, err := io.CopyN(&seen, terminal, 1)
		require.NoError(t, err, seen.String())
	}
	_, err := terminal.WriteString("\r")
	require.NoError(t, err)
	go func() { _, _ = io.Copy(io.Discard, terminal) }() // so that nothing waits for room
	require.Error(t, cmd.Wait(), "the test has failed")
}

func TestHoldEndsBeforeGoTestDoes(t *testing.T) {
	t.Parallel()
	got := again(func(n int) outcome {
		args := append(places(t, 1), "QEMU_TEST_HOLD=5m", fmt.Sprintf("-test.timeout=%ds", 8*n))
		return scenario(t, "fails by itself", args...)
	}, func(got outcome) bool { return strings.Contains(got.output, "this is wrong") })
	assert.Contains(t, got.output, "its machines are kept until ")
	assert.Contains(t, got.output, "go test's -timeout; -timeout 0 gives more")
	assert.NotContains(t, got.output, "panic: test timed out")
}

func TestHoldMalformed(t *testing.T) {
	t.Parallel()
	got := scenario(t, "passes", "QEMU_TEST_HOLD=ever")
	assert.Equal(t, 1, got.status)
	assert.Contains(t, got.output, `QEMU_TEST_HOLD="ever": expected 1 or a duration`)
}
