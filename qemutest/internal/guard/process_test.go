package guard

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func shellCommand(script string) *exec.Cmd { return exec.Command("/bin/sh", "-c", script) }

func TestWaitTellsHowTheCommandEnded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		script string
		status int
		signal syscall.Signal
	}{
		{"exit 0", 0, -1},
		{"exit 7", 7, -1},
		{"kill -SEGV $$", -1, syscall.SIGSEGV},
	} {
		p, err := Start(shellCommand(test.script))
		require.NoError(t, err)
		status, err := p.Wait()
		require.NoError(t, err)
		assert.Equal(t, test.status, status.ExitStatus(), test.script)
		assert.Equal(t, test.signal, status.Signal(), test.script)
	}
}

func TestOutputIsComplete(t *testing.T) {
	t.Parallel()
	cmd := shellCommand("echo out; echo err >&2")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	p, err := Start(cmd)
	require.NoError(t, err)
	_, err = p.Wait()
	require.NoError(t, err)
	assert.Equal(t, "out\nerr\n", output.String())
}

func TestStartReportsWhatCannotBeExecuted(t *testing.T) {
	t.Parallel()
	_, err := Start(exec.Command("/nonexistent/qemu"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}

// What a wrapper leaves behind ends with it: nothing else would end it while
// this process lives.
func TestGroupEndsWithItsLeader(t *testing.T) {
	t.Parallel()
	alive, held, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = alive.Close() })
	cmd := shellCommand("sleep 1000 & exit 3")
	cmd.ExtraFiles = []*os.File{held}
	p, err := Start(cmd)
	require.NoError(t, err)
	require.NoError(t, held.Close())

	require.NoError(t, alive.SetReadDeadline(time.Now().Add(soon)))
	_, err = alive.Read(make([]byte, 1))
	assert.ErrorIs(t, err, io.EOF)
	status, err := p.Wait()
	require.NoError(t, err)
	assert.Equal(t, 3, status.ExitStatus())
}

func TestSignalReachesTheGroup(t *testing.T) {
	t.Parallel()
	ready, held, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = ready.Close() })
	// The leader survives the signal and ends when its child has. The child
	// tells that it no longer has the leader's trap.
	cmd := shellCommand("trap : TERM; sh -c 'echo >&3; exec sleep 1000' & wait; wait; exit 4")
	cmd.ExtraFiles = []*os.File{held}
	p, err := Start(cmd)
	require.NoError(t, err)
	require.NoError(t, held.Close())
	_, err = ready.Read(make([]byte, 1))
	require.NoError(t, err)

	require.NoError(t, p.Signal(syscall.SIGTERM))
	requireEnd(t, p)
	status, err := p.Wait()
	require.NoError(t, err)
	assert.Equal(t, 4, status.ExitStatus())
	assert.ErrorIs(t, p.Signal(syscall.SIGTERM), os.ErrProcessDone)
}

func requireEnd(t *testing.T, p *Process) {
	t.Helper()
	select {
	case <-p.Done():
	case <-time.After(soon):
		require.FailNow(t, "the command did not end")
	}
}
