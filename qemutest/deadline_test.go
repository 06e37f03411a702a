package qemutest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/internal/pool"
)

// What go test's flags -timeout, -count, -failfast, -run and -skip do to tests
// with machines, and to their subtests.

// noLimit leaves the time of a test to go test's -timeout.
var noLimit = qemutest.Timeout(time.Hour)

// ways of waiting for what never comes, each in a subtest with a machine of its
// own.
var ways = map[string]func(q *qemutest.Test, vm *qemutest.VM){
	"for a text":    func(_ *qemutest.Test, vm *qemutest.VM) { vm.WaitFor("login:") },
	"for an event":  func(_ *qemutest.Test, vm *qemutest.VM) { vm.WaitForEvent("GUEST_PANICKED") },
	"for its end":   func(_ *qemutest.Test, vm *qemutest.VM) { vm.WaitForExit() },
	"for a command": func(q *qemutest.Test, _ *qemutest.VM) { q.HostCommand("sleep", "1000") },
	"elsewhere":     func(_ *qemutest.Test, vm *qemutest.VM) { <-vm.Machine().Done() },
}

func waitInManyWays(t *testing.T) {
	var launched sync.WaitGroup
	for name, wait := range ways {
		launched.Add(1)
		t.Run(name, func(t *testing.T) {
			done := sync.OnceFunc(launched.Done)
			defer done()
			q := newX86(t, noLimit)
			vm := q.VM("-machine", "pc,graphics=off")
			vm.Launch()
			done()
			wait(q, vm)
		})
	}
	t.Run("for a place", func(t *testing.T) {
		t.Parallel()
		launched.Wait()
		newX86(t, qemutest.Serial(), noLimit)
	})
}

func waitInManySubtests(t *testing.T) {
	q := newX86(t, noLimit)
	vm := q.VM("-machine", "pc,graphics=off")
	vm.Launch()
	q.Subtest("passes", func(*testing.T) { vm.WaitFor("SeaBIOS (version") })
	q.Subtest("waits", func(*testing.T) { vm.WaitFor("login:") })
	q.Subtest("comes too late", func(*testing.T) { vm.WaitFor("SeaBIOS") })
}

func waitForAStoppedQEMU(t *testing.T) {
	vm := launchSeaBIOS(t, noLimit)
	if err := syscall.Kill(vm.Machine().PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	vm.WaitFor("login:")
}

func failOneAfterTheOther(t *testing.T) {
	for n := range 3 {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			newX86(t)
			t.Fatal("this is wrong")
		})
	}
}

func tellWhenTimeBegan(t *testing.T) {
	q := newX86(t, noLimit)
	end, _ := q.Context().Deadline()
	t.Logf("began: %d", end.Add(-time.Hour).UnixNano())
}

// failTwice fails in two subtests, and then itself.
func failTwice(t *testing.T) {
	q := newX86(t)
	vm := bootSector(q, "first text\n")
	vm.Launch()
	vm.WaitFor("first text")
	q.Subtest("idle", func(t *testing.T) {
		vm.Wait(console.Wait{Success: []console.Pattern{console.Text("login:")}, Timeout: time.Millisecond})
	})
	vm.QMP("stop")
	q.Subtest("stopped", func(t *testing.T) {
		vm.Wait(console.Wait{Success: []console.Pattern{console.Text("login:")}, Timeout: time.Millisecond})
	})
	vm.QMP("no-such-command")
}

// places are settings for a pool with so many places.
func places(t *testing.T, n int) (args []string) {
	dir := filepath.Join(t.TempDir(), "pool")
	return []string{pool.DirEnv + "=" + dir, fmt.Sprintf("%s=%d", pool.JobsEnv, n), "-test.parallel=8"}
}

// ends returns how the tests of an output ended, by name.
func ends(output string) map[string]string {
	found := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^ *--- (\w+): (\S+) `).FindAllStringSubmatch(output, -1) {
		found[strings.TrimPrefix(m[2], "TestScenario")] += m[1]
	}
	return found
}

// again runs what needs n times its usual time on a busy host, with n = 1, 2, 4 and
// so on until it came far enough.
func again(run func(n int) outcome, farEnough func(outcome) bool) outcome {
	for n := 1; ; n *= 2 {
		if got := run(n); n >= 64 || farEnough(got) {
			return got
		}
	}
}

// hostIsBusy reports whether the host lets this process run for less than a third of
// the time that it wants to.
func hostIsBusy(t *testing.T) bool {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ran := func() time.Duration {
		var usage unix.Rusage
		require.NoError(t, unix.Getrusage(unix.RUSAGE_SELF, &usage))
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	start, before := time.Now(), ran()
	for ran()-before < 50*time.Millisecond {
	}
	return time.Since(start) > 150*time.Millisecond
}

// hurried runs a scenario with a -timeout, or a multiple of it that is enough to
// launch so many machines and, on a busy host, to collect evidence of all of them.
func hurried(t *testing.T, timeout time.Duration, machines int, name string, args ...string) outcome {
	t.Helper()
	return again(func(n int) outcome {
		args := append(places(t, 8), args...)
		return scenario(t, name, append(args, fmt.Sprintf("-test.timeout=%v", time.Duration(n)*timeout))...)
	}, func(got outcome) bool {
		late := strings.Contains(got.output, "panic: test timed out")
		return launched(t, got.logDir) >= machines && !(late && hostIsBusy(t))
	})
}

// limited runs a scenario whose test has a time limit that is enough for a machine
// to say something.
func limited(t *testing.T, name string) outcome {
	t.Helper()
	return again(func(n int) outcome {
		return scenario(t, name, fmt.Sprintf("QEMU_TEST_TIMEOUT_SCALE=%d", n))
	}, func(got outcome) bool { return strings.Contains(got.output, "SeaBIOS (version") })
}

// launched counts the machines that the tests with these logs have launched.
func launched(t *testing.T, logDir string) (n int) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(logDir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.Name() != "base.log" {
			return err
		}
		log, err := os.ReadFile(path)
		n += strings.Count(string(log), ": launched in ")
		return err
	}))
	return n
}

const near = "go test's -timeout is near"

func TestEachTestFailsBeforeGoTestTimeout(t *testing.T) {
	t.Parallel()
	got := hurried(t, 12*time.Second, len(ways), "waits in many ways", places(t, len(ways))...)
	require.Equal(t, 1, got.status, got.output)
	assert.Equal(t, map[string]string{
		"": "FAIL", "/for_a_text": "FAIL", "/for_an_event": "FAIL", "/for_its_end": "FAIL",
		"/for_a_command": "FAIL", "/elsewhere": "FAIL", "/for_a_place": "FAIL",
	}, ends(got.output), got.output)
	assert.GreaterOrEqual(t, strings.Count(got.output, near), len(ways)+1)
	assert.Contains(t, got.output, "waiting for a place to run machines: ")
	assert.NotContains(t, got.output, "panic: test timed out")
	for name := range ways {
		dir := filepath.Join(got.logDir, "x86_64", "TestScenario", strings.ReplaceAll(name, " ", "_"))
		assert.FileExists(t, filepath.Join(dir, "diagnosis.txt"))
		assert.FileExists(t, filepath.Join(dir, "repro.sh"))
	}
}

func TestSubtestFailsBeforeGoTestTimeout(t *testing.T) {
	t.Parallel()
	got := again(func(n int) outcome {
		return hurried(t, time.Duration(n)*5*time.Second, 1, "waits in many subtests")
	}, func(got outcome) bool { return ends(got.output)["/passes"] == "PASS" })
	assert.Equal(t, map[string]string{
		"": "FAIL", "/passes": "PASS", "/waits": "FAIL", "/comes_too_late": "FAIL",
	}, ends(got.output), got.output)
	assert.NotContains(t, got.output, "panic: test timed out")
}

func TestStuckQEMUBeforeGoTestTimeout(t *testing.T) {
	t.Parallel()
	got := hurried(t, 4*time.Second, 1, "waits for a stopped QEMU")
	assert.Equal(t, map[string]string{"": "FAIL"}, ends(got.output), got.output)
	assert.Contains(t, got.output, near)
	assert.Contains(t, got.output, "QEMU's main loop is stuck: the monitor does not answer")
	assert.NotContains(t, got.output, "panic: test timed out")
}

// A run that comes after the time is over is not started, and says so. The logs
// of each stay.
func TestCount(t *testing.T) {
	t.Parallel()
	got := hurried(t, 5*time.Second, 1, "waits in many subtests", "-test.count=2")
	assert.Equal(t, "FAILFAIL", ends(got.output)[""], got.output)
	assert.Contains(t, got.output, "the test was not started: "+near)

	got = scenario(t, "fails by itself", "-test.count=2")
	assert.Equal(t, "FAILFAIL", ends(got.output)[""], got.output)
	for _, dir := range []string{"TestScenario", "TestScenario.repeat-2"} {
		assert.FileExists(t, filepath.Join(got.logDir, "x86_64", dir, "repro.sh"))
	}
}

func TestFailFast(t *testing.T) {
	t.Parallel()
	const name = "fails one after the other"
	got := scenario(t, name, append(places(t, 1), "-test.failfast", "QEMU_TEST_REQUIRE=all")...)
	assert.Equal(t, 1, strings.Count(got.output, "    --- FAIL: "), got.output)
	assert.Equal(t, 2, strings.Count(got.output, "    --- SKIP: "), got.output)
	assert.Regexp(t, `not started: TestScenario/\d has failed, and go test was given -failfast`, got.output)
	assert.Equal(t, 2, strings.Count(got.output, "skip.kind failfast\n"))

	got = scenario(t, name, places(t, 1)...)
	assert.Equal(t, 3, strings.Count(got.output, "    --- FAIL: "), got.output)
}

func TestRunAndSkip(t *testing.T) {
	t.Parallel()
	got := scenario(t, "waits in many subtests", "-test.run=^TestScenario$/^(passes|waits)$", "-test.skip=/waits")
	assert.Equal(t, map[string]string{"": "PASS", "/passes": "PASS"}, ends(got.output), got.output)
}

// The clock of a test starts when it has its place.
func TestWaitForAPlaceTakesNoTime(t *testing.T) {
	t.Parallel()
	args := places(t, 1)
	dir := strings.TrimPrefix(args[0], pool.DirEnv+"=")
	p := &pool.Pool{Dir: dir, Budget: pool.Budget{Machines: 1}}
	release, err := p.Acquire(t.Context(), pool.Weight{Name: "held"})
	require.NoError(t, err)
	t.Cleanup(release)
	results := make(chan outcome, 1)
	cmd, logDir := scenarioCommand(t, "tells when its time began", args...)
	go func() {
		output, _ := cmd.CombinedOutput()
		results <- outcome{string(output), cmd.ProcessState.ExitCode(), logDir}
	}()
	require.Eventually(t, func() bool {
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		return len(entries) == 2 // one that runs, one that waits
	}, time.Minute, time.Millisecond)
	released := time.Now()
	release()
	got := <-results
	require.Zero(t, got.status, got.output)
	m := regexp.MustCompile(`began: (\d+)`).FindStringSubmatch(got.output)
	require.NotNil(t, m, got.output)
	began, err := strconv.ParseInt(m[1], 10, 64)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, began, released.UnixNano(), "the wait was part of the test's time")
}

// Each failure of a test that goes on is explained by the state that the machine
// has then.
func TestEachFailureIsExplained(t *testing.T) {
	t.Parallel()
	got := scenario(t, "fails twice in different ways")
	assert.Equal(t, map[string]string{"": "FAIL", "/idle": "FAIL", "/stopped": "FAIL"}, ends(got.output), got.output)
	assert.Contains(t, got.output, "guest idle: ")
	assert.Contains(t, got.output, "guest stopped: run state paused")
	assert.Equal(t, 3, strings.Count(got.output, "console 0, last"), "each has evidence:\n%s", got.output)
	for _, name := range []string{"diagnosis.txt", "diagnosis-2.txt", "diagnosis-3.txt"} {
		assert.FileExists(t, filepath.Join(got.logDir, "x86_64", "TestScenario", name))
	}
}
