package qemutest_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
	cmd, logRoot := scenarioCommand(t, "fails by itself", append(args, "QEMU_TEST_HOLD=5m")...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	logDir = filepath.Join(logRoot, "x86_64", "TestScenario")
	require.Eventually(t, func() bool {
		info, err := os.Stat(filepath.Join(logDir, "hold"))
		return err == nil && info.Mode().Type() == os.ModeNamedPipe
	}, time.Minute, 10*time.Millisecond)
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

func TestHoldEndsBeforeGoTestDoes(t *testing.T) {
	t.Parallel()
	d, _, text := held(t, "-test.timeout=8s")
	assert.Contains(t, text, "go test's -timeout; -timeout 0 gives more")
	require.Error(t, d.Wait())
	assert.NotContains(t, d.Stdout.(*bytes.Buffer).String(), "panic: test timed out")
}

func TestHoldMalformed(t *testing.T) {
	t.Parallel()
	got := scenario(t, "passes", "QEMU_TEST_HOLD=ever")
	assert.Equal(t, 1, got.status)
	assert.Contains(t, got.output, `QEMU_TEST_HOLD="ever": expected 1 or a duration`)
}
