package runner

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// roleEnv makes this test binary one of a chain of processes: the words before
// the last are programs that start the next, and the last one tells what it
// finds.
const roleEnv = "RUNNER_TEST_CHAIN"

func TestMain(m *testing.M) {
	chain := strings.Fields(os.Getenv(roleEnv))
	switch {
	case len(chain) == 0:
		os.Exit(m.Run())
	case len(chain) > 1:
		pass(chain[1:])
	default:
		report()
	}
}

// pass starts the next of a chain, under its own name, and waits for it.
func pass(chain []string) {
	cmd := exec.Command(filepath.Join(filepath.Dir(os.Args[0]), chain[0]), os.Args[1:]...)
	cmd.Env = append(os.Environ(), roleEnv+"="+strings.Join(chain, " "))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		os.Exit(1)
	}
}

// report prints the runners of this process, and then which of them ended
// first.
func report() {
	c := Find()
	var line []string
	for _, p := range c.Processes() {
		line = append(line, p.Name+":"+strconv.Itoa(p.PID))
	}
	os.Stdout.WriteString(strings.Join(line, " ") + "\n")
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // the test has lost interest
		os.Exit(0)
	}()
	if p, ok := c.Wait(); ok {
		os.Stdout.WriteString(p.Name + " is gone\n")
	} else {
		os.Stdout.WriteString("nothing to wait for\n")
	}
	select {}
}

// start starts a chain of processes and returns the runners that the last of
// them found, and what it says afterwards.
func start(t *testing.T, chain string, args ...string) (runners []Process, says *bufio.Reader) {
	t.Helper()
	programs := strings.Fields(chain)
	dir := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	for _, name := range programs {
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			require.NoError(t, os.Symlink(self, filepath.Join(dir, name)))
		}
	}
	cmd := exec.Command(filepath.Join(dir, programs[0]), args...)
	cmd.Env = append(os.Environ(), roleEnv+"="+chain)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	output, held, err := os.Pipe()
	require.NoError(t, err)
	cmd.Stdout = held
	require.NoError(t, cmd.Start())
	require.NoError(t, held.Close())
	t.Cleanup(func() {
		_ = stdin.Close() // ends the last, and so the others
		_ = cmd.Wait()
		_ = output.Close()
	})
	require.NoError(t, output.SetReadDeadline(time.Now().Add(20*time.Second)))
	says = bufio.NewReader(output)
	line, err := says.ReadString('\n')
	require.NoError(t, err)
	for _, field := range strings.Fields(line) {
		name, pid, _ := strings.Cut(field, ":")
		n, err := strconv.Atoi(pid)
		require.NoError(t, err)
		runners = append(runners, Process{n, name})
	}
	return runners, says
}

func programs(processes []Process) string {
	var names []string
	for _, p := range processes {
		names = append(names, p.Name)
	}
	return strings.Join(names, " ")
}

func TestEndOfAnyRunnerIsNoticed(t *testing.T) {
	t.Parallel()
	for i, name := range []string{"test2json", "go", "gotestsum"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runners, says := start(t, "make gotestsum go test2json arm.test")
			require.Equal(t, "test2json go gotestsum", programs(runners))
			require.NoError(t, syscall.Kill(runners[i].PID, syscall.SIGKILL))
			line, err := says.ReadString('\n')
			require.NoError(t, err)
			assert.Equal(t, name+" is gone\n", line)
		})
	}
}

func TestShellIsNoRunner(t *testing.T) {
	t.Parallel()
	runners, says := start(t, "go sh arm.test")
	assert.Empty(t, runners)
	line, err := says.ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "nothing to wait for\n", line)
}

func TestWrapperOfGoTestIsPassedOver(t *testing.T) {
	t.Parallel()
	runners, _ := start(t, "go wrapper arm.test", "-test.paniconexit0")
	assert.Equal(t, "go", programs(runners))
}

func TestAncestors(t *testing.T) {
	t.Parallel()
	type process struct {
		name   string
		parent int
	}
	table := map[int]process{
		1: {"init", 0}, 10: {"sh", 1}, 20: {"go", 10}, 30: {"gotestsum", 20}, 40: {"go", 30},
		50: {"wrapper", 40}, 60: {"sh", 50}, 70: {"go", 99},
	}
	look := func(pid int) (string, int, bool) {
		p, ok := table[pid]
		return p.name, p.parent, ok
	}
	for _, test := range []struct {
		parent   int
		byGoTest bool
		want     []Process
	}{
		{40, true, []Process{{40, "go"}, {30, "gotestsum"}, {20, "go"}}},
		{60, true, []Process{{40, "go"}, {30, "gotestsum"}, {20, "go"}}},
		{60, false, nil},
		{10, true, nil},
		{1, true, nil},
		{70, true, []Process{{70, "go"}}}, // whose parent is gone
		{99, true, nil},
	} {
		assert.Equal(t, test.want, ancestors(test.parent, test.byGoTest, look), "%+v", test)
	}
}
