package qemutest_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// process is one that was found by its environment.
type process struct {
	pid        int
	name, args string
}

// tagged returns the processes that a doomed one started, whatever they are. One
// that ended and was not reaped has no environment any more.
func tagged(t *testing.T, tag string) []process {
	t.Helper()
	environs, err := filepath.Glob("/proc/[0-9]*/environ")
	require.NoError(t, err)
	var found []process
	for _, path := range environs {
		environ, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(environ, []byte(tagEnv+"="+tag)) {
			continue // not ours, or gone
		}
		dir := filepath.Dir(path)
		pid, err := strconv.Atoi(filepath.Base(dir))
		require.NoError(t, err)
		name, _ := os.ReadFile(filepath.Join(dir, "comm"))
		args, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		found = append(found, process{pid, string(bytes.TrimSpace(name)), string(bytes.ReplaceAll(args, []byte{0}, []byte{' '}))})
	}
	return found
}

// openTerminal returns both ends of a pseudo-terminal.
func openTerminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skipf("needs pseudo-terminals: %v", err)
	}
	t.Cleanup(func() { _ = ours.Close() })
	number, err := unix.IoctlGetInt(int(ours.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetPointerInt(int(ours.Fd()), unix.TIOCSPTLCK, 0))
	theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	require.NoError(t, err)
	return ours, theirs
}
