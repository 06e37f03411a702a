package qemutest_test

import (
	"math/rand/v2"
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

// Nothing that a test process started outlives it: no QEMU, no directory, no
// lock. The scenario "hangs on" starts four machines and makes both kinds of
// directories.

const (
	// tagEnv names the machines of a scenario, so that they can be found.
	tagEnv = "QEMUTEST_TAG"
	// readyFile is in the directory for temporary files when a scenario has
	// started everything.
	readyFile = "ready"
)

// doomed is a process with a scenario that is going to be killed.
type doomed struct {
	*exec.Cmd
	tag, tmpDir, logDir string
	started             time.Time
}

// startDoomed starts a scenario with a directory for temporary files of its
// own. wrap, if not nil, changes the command before.
func startDoomed(t *testing.T, wrap func(*exec.Cmd)) *doomed {
	t.Helper()
	cmd, logDir := scenarioCommand(t, "hangs on")
	d := &doomed{Cmd: cmd, logDir: logDir, tmpDir: t.TempDir(), tag: "qemutest-" + strconv.FormatUint(rand.Uint64(), 36)}
	cmd.Env = append(cmd.Env, tagEnv+"="+d.tag, "TMPDIR="+d.tmpDir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if wrap != nil {
		wrap(cmd)
	}
	d.started = time.Now()
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	return d
}

// awaitReady waits until the scenario has started everything.
func (d *doomed) awaitReady(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(d.tmpDir, readyFile))
		return err == nil
	}, time.Minute, 5*time.Millisecond)
	require.Len(t, d.machines(t), 4)
}

// machines returns the processes of QEMU that the scenario started.
func (d *doomed) machines(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("ps", "-A", "-ww", "-o", "pid=,stat=,args=").Output()
	require.NoError(t, err)
	var found []string
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		// A process that ended but was not reaped by its new parent has no
		// arguments any more.
		if strings.Contains(line, "-name "+d.tag) && !strings.HasPrefix(fields[1], "Z") {
			found = append(found, line)
		}
	}
	return found
}

// assertGone checks that a second after the end nothing is left.
func (d *doomed) assertGone(t *testing.T, killed time.Time) {
	t.Helper()
	scratch := filepath.Join(d.logDir, "x86_64", "TestScenario", "scratch")
	sockets := filepath.Join(d.tmpDir, "qemu-test-*")
	left := func() bool {
		dirs, err := filepath.Glob(sockets)
		require.NoError(t, err)
		_, err = os.Stat(scratch)
		return err == nil || len(dirs) > 0 || len(d.machines(t)) > 0
	}
	for left() && time.Since(killed) < time.Second {
		time.Sleep(10 * time.Millisecond)
	}
	assert.Empty(t, d.machines(t), "QEMU is alive a second later")
	assert.NoDirExists(t, scratch)
	dirs, err := filepath.Glob(sockets)
	require.NoError(t, err)
	assert.Empty(t, dirs)
}

func TestKill(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			d := startDoomed(t, nil)
			d.awaitReady(t)
			require.NoError(t, d.Process.Signal(signal))
			killed := time.Now()
			_ = d.Wait()
			d.assertGone(t, killed)
		})
	}
}

func TestKillAtRandomMoments(t *testing.T) {
	t.Parallel()
	first := startDoomed(t, nil)
	first.awaitReady(t)
	lifetime := time.Since(first.started)
	require.NoError(t, first.Process.Kill())
	_ = first.Wait()

	kills := 50
	if testing.Short() {
		kills = 10
	}
	for range kills {
		d := startDoomed(t, nil)
		time.Sleep(rand.N(lifetime + lifetime/4))
		require.NoError(t, d.Process.Kill())
		killed := time.Now()
		_ = d.Wait()
		d.assertGone(t, killed)
	}
}

// A terminal's Ctrl-C goes to every process of the foreground: the runner, go
// test, and the test binary.
func TestInterruptRunner(t *testing.T) {
	t.Parallel()
	gotestsum, err := exec.Command("go", "tool", "-n", "gotestsum").Output()
	if err != nil {
		t.Skip("needs the go command with the module's tools")
	}
	d := startDoomed(t, func(cmd *exec.Cmd) {
		cmd.Path = strings.TrimSpace(string(gotestsum))
		cmd.Args = []string{"gotestsum", "--", "-count=1", "-run=^TestScenario$", "."}
	})
	d.awaitReady(t)
	require.NoError(t, syscall.Kill(-d.Process.Pid, syscall.SIGINT))
	d.assertGone(t, time.Now())
}
