package replay

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A recording is a QEMU that records, with its human monitor on stdin and
// stdout.
type recording struct {
	t       *testing.T
	cmd     *exec.Cmd
	monitor io.WriteCloser
	output  *bufio.Reader
	log     string
}

func record(t *testing.T, target string, args ...string) *recording {
	t.Helper()
	binary, err := exec.LookPath("qemu-system-" + target)
	if err != nil {
		t.Skipf("qemu-system-%s is not installed", target)
	}
	r := &recording{t: t, log: filepath.Join(t.TempDir(), "replay.bin")}
	r.cmd = exec.Command(binary, append([]string{
		"-display", "none", "-serial", "none", "-net", "none", "-monitor", "stdio",
		"-icount", "shift=7,rr=record,rrfile=" + r.log,
	}, args...)...)
	r.monitor, err = r.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := r.cmd.StdoutPipe()
	require.NoError(t, err)
	r.output = bufio.NewReader(out)
	require.NoError(t, r.cmd.Start())
	t.Cleanup(func() {
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
	})
	return r
}

// command executes a monitor command and returns the line of output that
// contains text.
func (r *recording) command(command, text string) string {
	r.t.Helper()
	_, err := io.WriteString(r.monitor, command+"\n")
	require.NoError(r.t, err)
	for {
		line, err := r.output.ReadString('\n')
		require.NoError(r.t, err)
		if strings.Contains(line, text) {
			return line
		}
	}
}

func (r *recording) quit() {
	r.t.Helper()
	_, err := io.WriteString(r.monitor, "quit\n")
	require.NoError(r.t, err)
	_, _ = io.Copy(io.Discard, r.output)
	require.NoError(r.t, r.cmd.Wait())
}

func TestQEMULogs(t *testing.T) {
	t.Parallel()
	for target, args := range map[string][]string{
		"x86_64":  {"-M", "q35"},
		"riscv64": {"-M", "virt"},
		"s390x":   {"-M", "s390-ccw-virtio", "-action", "panic=none"},
		"ppc64":   {"-M", "pseries"},
		"sparc":   {"-M", "SS-5"},
	} {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			r := record(t, target, args...)
			r.command("info status", "VM status: running")
			r.command("stop", "stop")
			_, number, _ := strings.Cut(r.command("info replay", "instruction count = "), "count = ")
			count, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
			require.NoError(t, err)
			r.quit()

			s, err := ReadFile(r.log)
			require.NoError(t, err)
			assert.Equal(t, uint32(0xe0200c), s.Version)
			assert.Equal(t, int64(1), s.Counts[End])
			assert.Positive(t, s.Counts[Checkpoint])
			assert.Equal(t, int64(1), s.Shutdowns["host-qmp-quit"], "%v", s.Shutdowns)
			assert.Equal(t, count, s.Instructions)

			var text strings.Builder
			require.NoError(t, Dump(&text, openFile(t, r.log)))
			assert.Equal(t, int(s.Events)+1, strings.Count(text.String(), "\n"))
		})
	}
}

func TestKilledQEMULeavesUnfinishedLog(t *testing.T) {
	t.Parallel()
	r := record(t, "x86_64", "-M", "pc")
	r.command("info status", "VM status: running")
	require.NoError(t, r.cmd.Process.Kill())
	_ = r.cmd.Wait()
	_, err := ReadFile(r.log)
	// An empty file if nothing was written back yet, else one without a header.
	assert.True(t, errors.Is(err, ErrUnfinished) || errors.Is(err, ErrTruncated), "%v", err)
}

func openFile(t *testing.T, name string) io.Reader {
	t.Helper()
	f, err := os.Open(name)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}
