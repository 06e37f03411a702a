package qemutest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// process is one that was found by its environment.
type process struct {
	pid        int
	name, args string
}

// tagged returns the processes that a doomed one started, whatever they are, as
// far as macOS shows their environment.
func tagged(t *testing.T, tag string) []process {
	t.Helper()
	output, err := exec.Command("ps", "-A", "-E", "-ww", "-o", "pid=,stat=,command=").Output()
	require.NoError(t, err)
	var found []process
	for line := range strings.Lines(string(output)) {
		fields := strings.Fields(line)
		if !strings.Contains(line, tagEnv+"="+tag) || strings.HasPrefix(fields[1], "Z") {
			continue
		}
		pid, err := strconv.Atoi(fields[0])
		require.NoError(t, err)
		found = append(found, process{pid, filepath.Base(fields[2]), strings.Join(fields[2:], " ")})
	}
	return found
}

func openTerminal(t *testing.T) (ours, theirs *os.File) {
	t.Skip("opens pseudo-terminals on Linux only")
	return nil, nil
}
