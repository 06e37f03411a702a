package hang

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseStat(t *testing.T) {
	t.Parallel()
	thread, started, err := parseStat("17 (CPU) 0/KVM (x) S 1 17 17 0 -1 4194304 1 0 0 0 250 50 0 0 20 0 3 0 1200 100 1")
	require.NoError(t, err)
	assert.Equal(t, Thread{Name: "CPU) 0/KVM (x", State: "S", TotalRan: 3 * time.Second}, thread)
	assert.Equal(t, 12*time.Second, started)

	for _, malformed := range []string{"", "1 (x", ") (", "1 (x) S 1 2", "1 (x) " + strings.Repeat("x ", 30)} {
		_, _, err := parseStat(malformed)
		assert.Error(t, err, malformed)
	}
}

func TestReadProcess(t *testing.T) {
	t.Parallel()
	// The shell waits for its only child, which is what it is a wrapper of.
	cmd := exec.Command("/bin/sh", "-c", "read line; exec cat; true")
	wrapper := exec.Command("/bin/sh", "-c", "cat; exit 3")
	for _, cmd := range []*exec.Cmd{cmd, wrapper} {
		stdin, err := cmd.StdinPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		t.Cleanup(func() { _ = stdin.Close(); _ = cmd.Wait() })
	}
	require.Eventually(t, func() bool {
		p, err := readProcess(t.Context(), wrapper.Process.Pid)
		return err == nil && len(p.Threads) == 1 && p.Threads[0].Name == "cat"
	}, 10*time.Second, time.Millisecond)
	p, err := readProcess(t.Context(), cmd.Process.Pid)
	require.NoError(t, err)
	assert.Equal(t, cmd.Process.Pid, p.Threads[0].ID)
	assert.Equal(t, "sh", p.Threads[0].Name)

	_, err = readProcess(t.Context(), 1<<30)
	assert.Error(t, err)
}
