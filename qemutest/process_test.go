package qemutest_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
)

// A machine inherits one end of a socket, and its guest talks to the test on
// the other.
func TestAddFile(t *testing.T) {
	const text = "hello through a socket"
	q := newX86(t)
	ours, theirs := q.SocketPair()
	vm := bootSector(q, text).NoConsole()
	other := vm.AddFile(theirs)
	fd := vm.AddFile(theirs)
	assert.Equal(t, other+1, fd)
	vm.AddArgs("-chardev", fmt.Sprintf("socket,id=peer,fd=%d", fd), "-serial", "chardev:peer")
	vm.Launch()
	got := make([]byte, len(text))
	_, err := io.ReadFull(ours, got)
	require.NoError(t, err)
	assert.Equal(t, text, string(got))
}

// A program beside the machines runs until the test ends, and its output is in
// a log.
func TestStart(t *testing.T) {
	var log string
	var pid int
	t.Run("machine", func(t *testing.T) {
		q := newX86(t, qemutest.Serial())
		log = q.Log("peer.log")
		p := q.Start("peer", "sh", "-c", "echo $$ is ready; echo complaint >&2; exec sleep 1000")
		match := p.WaitFor(" is ready")
		var err error
		pid, err = strconv.Atoi(match.Before)
		require.NoError(t, err)
		p.WaitFor("complaint")
		require.NoError(t, syscall.Kill(pid, 0))
	})
	if pid == 0 {
		t.Skip("the subtest could not run")
	}
	assert.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
	content, err := os.ReadFile(log)
	require.NoError(t, err)
	assert.Equal(t, strconv.Itoa(pid)+" is ready\ncomplaint\n", string(content))
}

func TestStartedProcessIsEvidence(t *testing.T) {
	t.Parallel()
	got := scenario(t, "loses a process")
	require.Equal(t, 1, got.status, got.output)
	for _, text := range []string{
		`waiting for "ready"`,
		"peer has ended: status 3; its last 1 lines:",
		"no such device",
		"exit 3",
	} {
		assert.Contains(t, got.output, text)
	}
	_, err := os.Stat(filepath.Join(got.logDir, "x86_64", "TestScenario", "peer.log"))
	assert.NoError(t, err)
	assert.Contains(t, scenario(t, "lacks a program").output, "starting no-such-program")
}
