package machine

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest/internal/guard"
)

// machinesHeld is how many machines the process holds that is killed.
const machinesHeld = 8

// processes are the scenes in which this test binary is another test process.
var processes = map[string]func(){
	// holds machines, some of them in a wrapper, and a directory, until it is
	// killed.
	"holds-machines": func() {
		for i := range machinesHeld {
			config := Config{
				Binary: os.Getenv("MACHINE_TEST_QEMU"), Machine: "none", LogDir: os.Getenv("MACHINE_TEST_DIR"),
				Name: fmt.Sprint("vm", i), ExtraFiles: []*os.File{os.NewFile(3, "alive")},
			}
			if i%2 == 1 {
				config.Wrapper = []string{"/bin/sh", "-c", `"$@" & wait`, "sh"}
			}
			if _, err := Launch(context.Background(), config); err != nil {
				fmt.Println(err)
				return
			}
		}
		scratch := filepath.Join(os.Getenv("MACHINE_TEST_DIR"), "scratch")
		if err := os.Mkdir(scratch, 0o755); err != nil {
			fmt.Println(err)
			return
		}
		if _, err := guard.Dir(scratch); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("ready")
		_, _ = io.Copy(io.Discard, os.Stdin)
	},
}

// One second after a test process was killed, none of its machines is left.
func TestNoMachineOutlivesAKilledProcess(t *testing.T) {
	t.Parallel()
	holder := startHolder(t)
	said := make([]byte, 4096)
	n, err := holder.stdout.Read(said)
	require.NoError(t, err)
	require.Equal(t, "ready", strings.TrimSpace(string(said[:n])))
	require.NoError(t, holder.alive.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
	_, err = holder.alive.Read(said)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)

	holder.kill(t)
	requireEOF(t, holder.alive)
	assert.NoDirExists(t, filepath.Join(holder.dir, "scratch"), "the watcher is gone and left a directory")
}

func TestNoMachineOutlivesAProcessKilledWhileItLaunches(t *testing.T) {
	t.Parallel()
	kills := 10
	if testing.Short() {
		kills = 2
	}
	for range kills {
		holder := startHolder(t)
		time.Sleep(rand.N(200 * time.Millisecond))
		holder.kill(t)
		requireEOF(t, holder.alive)
	}
}

// holder is a process that launches machines and holds them.
type holder struct {
	cmd    *exec.Cmd
	stdout io.ReadCloser
	alive  *os.File // ends when the process, its machines, and its watcher are gone
	dir    string
}

func startHolder(t *testing.T) *holder {
	t.Helper()
	binary := requireEmulator(t, "x86_64")
	self, err := os.Executable()
	require.NoError(t, err)
	alive, held, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = alive.Close() })
	h := &holder{cmd: exec.Command(self), alive: alive, dir: t.TempDir()}
	h.cmd.Env = append(os.Environ(), fakeScene+"=holds-machines", "MACHINE_TEST_QEMU="+binary, "MACHINE_TEST_DIR="+h.dir)
	h.cmd.ExtraFiles = []*os.File{held}
	stdin, err := h.cmd.StdinPipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = stdin.Close() })
	h.stdout, err = h.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, h.cmd.Start())
	require.NoError(t, held.Close())
	return h
}

func (h *holder) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, h.cmd.Process.Kill())
	_ = h.cmd.Wait()
}

// requireEOF requires that all processes that hold the writing end of a pipe
// are gone within a second.
func requireEOF(t *testing.T, pipe *os.File) {
	t.Helper()
	require.NoError(t, pipe.SetReadDeadline(time.Now().Add(time.Second)))
	_, err := pipe.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF, "a process is left")
}
