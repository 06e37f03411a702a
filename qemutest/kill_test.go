package qemutest_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"maps"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest/internal/pool"
)

// Nothing that a test process started outlives it, in whatever way and state it
// dies: a second later there is no QEMU, no child of a wrapper, no shell of the
// guard, no directory and no lock.

// torture says that the long versions are wanted.
var torture = os.Getenv("QEMU_TEST_TORTURE") != ""

// linger is how long what a dead process left may still be there: so long, and so
// many looks. A look takes about as much of a processor as removing it all does:
// where many processes share it, both take longer.
const (
	linger      = time.Second
	lingerLooks = 50
)

// A death is a way in which a test process ends.
type death struct {
	name  string
	start func(*exec.Cmd) // changes the command of the test binary, if not nil
	kill  func(*testing.T, *doomed)
	// byRunner says that the go command runs the test binary. It and gotestsum
	// end in their own time when they were not killed, and leave the go command's
	// directory of temporary files behind when they were.
	byRunner bool
}

var deaths = []death{
	{name: "t.Fatal"},
	{name: "panic in a goroutine"},
	{name: "runtime.Goexit"},
	{name: "os.Exit"},
	{name: timeoutDeath, start: timeoutAfter(5 * time.Second)},
	{name: "SIGINT", kill: signalled(syscall.SIGINT)},
	{name: "SIGTERM", kill: signalled(syscall.SIGTERM)},
	{name: "SIGHUP", kill: signalled(syscall.SIGHUP)},
	{name: "SIGQUIT", kill: signalled(syscall.SIGQUIT)},
	{name: "SIGKILL", kill: signalled(syscall.SIGKILL)},
	{name: "SIGKILL of go test", start: underGoTest, kill: signalled(syscall.SIGKILL), byRunner: true},
	{name: "SIGKILL of gotestsum", start: underGotestsum, kill: killed("gotestsum"), byRunner: true},
	{name: "SIGKILL of go tool gotestsum", start: underGotestsum, kill: signalled(syscall.SIGKILL), byRunner: true},
	{name: "Ctrl-C in gotestsum", start: underGotestsum, byRunner: true, kill: func(t *testing.T, d *doomed) {
		require.NoError(t, syscall.Kill(-d.Process.Pid, syscall.SIGINT))
	}},
	{name: "closed terminal", start: underGoTest, byRunner: true, kill: func(t *testing.T, d *doomed) {
		require.NoError(t, d.terminal.Close())
	}},
}

// timeoutDeath has to leave the machines the time to get into their state.
const timeoutDeath = "-timeout"

func timeoutAfter(limit time.Duration) func(*exec.Cmd) {
	return func(cmd *exec.Cmd) { cmd.Args = append(cmd.Args, "-test.timeout="+limit.String()) }
}

// signalled sends a signal to the process that was started.
func signalled(signal syscall.Signal) func(*testing.T, *doomed) {
	return func(t *testing.T, d *doomed) { require.NoError(t, d.Process.Signal(signal)) }
}

// killed sends SIGKILL to the descendant with this name.
func killed(name string) func(*testing.T, *doomed) {
	return func(t *testing.T, d *doomed) {
		for _, p := range tagged(t, d.tag) {
			if p.name == name {
				require.NoError(t, syscall.Kill(p.pid, syscall.SIGKILL))
				return
			}
		}
		require.Fail(t, "there is no "+name)
	}
}

// built compiles what follows, so that nobody waits for that: it takes minutes on a
// busy host.
var built = sync.OnceFunc(func() {
	// What fails here fails again where it counts.
	_ = exec.Command("go", "test", "-run=^$", ".").Run()
	_ = exec.Command("go", "tool", "gotestsum", "--version").Run()
})

func underGoTest(cmd *exec.Cmd) {
	built()
	run(cmd, "go", "test", "-count=1", "-timeout=2m", "-run=^TestScenario$", ".")
}

func underGotestsum(cmd *exec.Cmd) {
	built()
	run(cmd, "go", "tool", "gotestsum", "--", "-count=1", "-timeout=2m", "-run=^TestScenario$", ".")
}

func run(cmd *exec.Cmd, name string, args ...string) {
	replacement := exec.Command(name, args...)
	cmd.Path, cmd.Args, cmd.Err = replacement.Path, replacement.Args, replacement.Err
}

// doomed is a process with the scenario "is doomed".
type doomed struct {
	*exec.Cmd
	tag      string
	dir      string   // has what follows
	tmpDir   string   // directory for temporary files
	terminal *os.File // the other end of its terminal, if it has one
	byRunner bool
}

// heedSignals lets children have the default action of signals that this process
// was started to ignore, by nohup or by a shell that ran it in the background.
var heedSignals = sync.OnceFunc(func() {
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s) // what is caught is not ignored after exec
		}
	}
})

// startDoomed starts a process that is to die in this state of its machines.
func startDoomed(t *testing.T, state string, how death) *doomed {
	t.Helper()
	heedSignals()
	cmd, _ := scenarioCommand(t, "is doomed")
	// The name of a test would make the paths of sockets too long.
	dir, err := os.MkdirTemp("", "doomed-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	d := &doomed{Cmd: cmd, dir: dir, tag: "qemutest-" + rand.Text(), byRunner: how.byRunner}
	d.tmpDir = filepath.Join(d.dir, "tmp")
	download := filepath.Join(d.dir, "cache", "download")
	require.NoError(t, os.MkdirAll(download, 0o755))
	require.NoError(t, os.Mkdir(d.tmpDir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(download, assetHash), []byte(assetContent), 0o644))
	if how.start != nil {
		how.start(cmd)
		if cmd.Err != nil {
			t.Skip("needs the go command in PATH")
		}
	}
	cmd.Env = append(cmd.Env, tagEnv+"="+d.tag, stateEnv+"="+state, deathEnv+"="+how.name,
		readyEnv+"="+filepath.Join(d.dir, "ready"), startedEnv+"="+filepath.Join(d.dir, "started"),
		"TMPDIR="+d.tmpDir, "QEMU_TEST_CACHE_DIR="+filepath.Join(d.dir, "cache"),
		"QEMU_TEST_LOG_DIR="+filepath.Join(d.dir, "logs"), pool.DirEnv+"="+filepath.Join(d.dir, "pool"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if how.name == "closed terminal" {
		ours, theirs := openTerminal(t)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs, theirs, theirs
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		d.terminal = ours
		defer theirs.Close()
	}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		for _, p := range tagged(t, d.tag) { // only where the test failed
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
	})
	return d
}

// await waits until the process has said something by making a file.
func (d *doomed) await(t *testing.T, file string) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(d.dir, file))
		return err == nil
	}, 2*time.Minute, 5*time.Millisecond, "%s: the process did not come so far", file)
}

// left lists what there still is of the process.
func (d *doomed) left(t *testing.T) []string {
	var left []string
	for _, p := range tagged(t, d.tag) {
		if !d.byRunner || p.name != "go" && p.name != "gotestsum" {
			left = append(left, "process: "+p.args)
		}
	}
	files, err := os.ReadDir(d.tmpDir)
	require.NoError(t, err)
	for _, file := range files {
		if !d.byRunner || !strings.HasPrefix(file.Name(), "go-build") {
			left = append(left, "temporary: "+file.Name())
		}
	}
	if scratch := filepath.Join(d.dir, "logs", "x86_64", "TestScenario", "scratch"); exists(scratch) {
		left = append(left, "directory: "+scratch)
	}
	if stamp := filepath.Join(d.dir, "cache", "download", assetHash+".stamp"); exists(stamp) {
		lock := flock.New(stamp)
		if free, err := lock.TryLock(); err != nil || !free {
			left = append(left, "lock of the asset")
		}
		_ = lock.Unlock()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	whole := &pool.Pool{Dir: filepath.Join(d.dir, "pool"), Budget: pool.Budget{Machines: 1}}
	switch release, err := whole.Acquire(ctx, pool.Weight{}); {
	case errors.Is(err, context.DeadlineExceeded):
		left = append(left, "place in the pool")
	default:
		require.NoError(t, err)
		release()
	}
	return left
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// assertGone checks that nothing is left after the process died.
func (d *doomed) assertGone(t *testing.T, died time.Time) {
	t.Helper()
	left := d.left(t)
	looks := 1
	for ; len(left) > 0 && (time.Since(died) < linger || looks < lingerLooks); looks++ {
		time.Sleep(10 * time.Millisecond)
		left = d.left(t)
	}
	assert.Empty(t, left, "this is left %v and %d looks after the death", time.Since(died).Round(time.Millisecond), looks)
}

// die lets the process die and checks what is left.
func (d *doomed) die(t *testing.T, how death) {
	t.Helper()
	if how.kill == nil {
		_ = d.Wait()
		d.assertGone(t, time.Now())
		return
	}
	how.kill(t, d)
	died := time.Now()
	d.assertGone(t, died)
	if t.Failed() {
		_ = d.Process.Kill() // it may be what is left
	}
	_ = d.Wait()
}

// All ways to die in all states. Without QEMU_TEST_TORTURE only the cross of
// them: every way with a running machine, and every state with a SIGKILL.
func TestNothingSurvives(t *testing.T) {
	for _, state := range slices.Sorted(maps.Keys(machineStates)) {
		for _, how := range deaths {
			if !torture && state != "running" && how.name != "SIGKILL" {
				continue
			}
			if testing.Short() && how.start != nil {
				continue
			}
			t.Run(how.name+"/"+state, func(t *testing.T) {
				t.Parallel()
				if how.name == timeoutDeath {
					dieOfTimeout(t, state, how)
					return
				}
				d := startDoomed(t, state, how)
				d.await(t, "ready")
				if how.kill != nil {
					require.NotEmpty(t, tagged(t, d.tag))
				}
				d.die(t, how)
			})
		}
	}
}

// dieOfTimeout lets a process die of -timeout, and then another one with more time
// if it was not ready: a busy host needs it.
func dieOfTimeout(t *testing.T, state string, how death) {
	t.Helper()
	for limit := 5 * time.Second; limit < 10*time.Minute; limit *= 2 {
		how.start = timeoutAfter(limit)
		d := startDoomed(t, state, how)
		d.die(t, how)
		if exists(filepath.Join(d.dir, "ready")) {
			return
		}
	}
	require.Fail(t, "the process did not get ready")
}

// Kills at random moments between the start of the process and its regular end,
// of the test binary or of the program that runs it.
func TestNothingSurvivesRandomKills(t *testing.T) {
	t.Parallel()
	kills, workers := 12, 2
	switch {
	case torture:
		kills, workers = 500, 4
	case testing.Short():
		kills = 8
	}
	tool, err := exec.Command("go", "tool", "-n", "test2json").Output()
	runner := strings.TrimSpace(string(tool))
	if err != nil || !exists(runner) {
		runner = "" // it was not built yet, or there is no go command
	}
	lifetimes := map[string]time.Duration{}
	for state := range machineStates {
		if state == "starting" {
			continue // has no regular end
		}
		start := time.Now()
		var output bytes.Buffer
		d := startDoomed(t, state, death{name: "passes", start: func(cmd *exec.Cmd) {
			cmd.Stdout, cmd.Stderr = &output, &output
		}})
		require.NoError(t, d.Wait(), "%s", &output)
		lifetimes[state] = time.Since(start)
		d.assertGone(t, time.Now())
	}
	states := slices.Sorted(maps.Keys(lifetimes))
	var wg sync.WaitGroup
	var counts [2]int // of test binaries and of runners
	for worker := range workers {
		wg.Go(func() {
			for n := worker; n < kills && !t.Failed(); n += workers {
				state := states[n%len(states)]
				killRandomly(t, state, lifetimes[state], cmp.Or(runner, "-"), n%4 == 3 && runner != "")
			}
		})
	}
	wg.Wait()
	for n := range kills {
		if n%4 == 3 && runner != "" {
			counts[1]++
		} else {
			counts[0]++
		}
	}
	t.Logf("%d random kills: %d of the test binary, %d of its runner", kills, counts[0], counts[1])
}

func killRandomly(t *testing.T, state string, lifetime time.Duration, runner string, ofRunner bool) {
	how := death{name: "passes"}
	if ofRunner {
		how.start = func(cmd *exec.Cmd) { run(cmd, runner, append([]string{"-t"}, cmd.Args...)...) }
	}
	d := startDoomed(t, state, how)
	if ofRunner {
		// Before that, an orphan cannot know that it is one.
		d.await(t, "started")
	}
	time.Sleep(mathrand.N(lifetime + lifetime/8))
	_ = d.Process.Kill()
	died := time.Now()
	_ = d.Wait()
	d.assertGone(t, died)
	// Thousands of logs would pile up.
	assert.NoError(t, os.RemoveAll(d.dir))
}
