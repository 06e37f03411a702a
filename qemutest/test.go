package qemutest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest/internal/module"
	"github.com/qemutest/functional/qemutest/internal/pool"
	"github.com/qemutest/functional/qemutest/internal/timescale"
	"github.com/qemutest/functional/qemutest/machine"
)

// Test is one functional test: its requirements are met, its assets are in the
// cache, it has a place among the running machines, and its clock is ticking.
// Its methods that can fail end the test like t.Fatal, so they must be called
// from the goroutine that runs the test.
type Test struct {
	t        *testing.T // of the test, or of the subtest that runs
	root     *testing.T // of the test
	target   string
	settings settings

	emulator     string                // path of the emulator under test
	capabilities *machine.Capabilities // nil for a user-mode emulator

	ctx       context.Context // ends when the time of the test is over
	deadline  deadline
	stopWatch func() // ends what watches the deadline
	logDir    string
	log       stepLog
	steps     steps
	workDirs

	libraryPaths []string // -L of the user-mode emulator

	launches launches
	reported atomic.Int32 // how much evidence is in the output

	mu        sync.Mutex
	vms       []*VM
	processes []*Process // running beside the machines
}

// New starts a functional test of the emulator for target, in QEMU's words
// (arm, x86_64, ...). It checks the requirements from cheap to dear, and skips
// or fails the test at the first one that is not met; fetches the assets; and
// waits for a place among the machines that run on this host. When the test
// ends, all its machines are shut down, and each that died of itself in a way
// that it should not have fails the test.
//
// New calls t.Parallel, unless [Serial] is among the requirements.
func New(t *testing.T, target string, requirements ...Requirement) *Test {
	t.Helper()
	q := &Test{t: t, root: t, target: target, settings: newSettings(requirements)}
	endWithRunners()
	t.Cleanup(func() { noteFailure(t) })
	if envSet("QEMU_TEST_LIST") {
		q.list()
	}
	if !envSet("QEMU_TEST_PRECACHE") {
		dependOnHost()
		q.checkEnvironment()
	}
	if err := q.checkTier(); err != nil {
		q.end(err)
	}
	ctx := t.Context()
	q.requireStage(ctx, StageGate)
	if envSet("QEMU_TEST_PRECACHE") {
		if !q.settings.serial {
			t.Parallel()
		}
		q.precache(ctx)
	}
	q.requireStage(ctx, StageHost)
	if !q.settings.serial {
		t.Parallel()
	}

	q.checkFailFast()
	q.deadline = newDeadline(t)
	ctx, cancel := q.deadline.context(ctx, time.Time{}, nil)
	t.Cleanup(cancel)
	if ctx.Err() != nil { // it was its turn too late
		t.Fatalf("the test was not started: %v", context.Cause(ctx))
	}
	if err := q.findEmulator(ctx); err != nil {
		q.end(err)
	}
	q.requireStage(ctx, StageEmulator)
	q.requireStage(ctx, StageAssets)

	q.open()
	if q.settings.prepare != nil {
		q.Check(q.settings.prepare(ctx, q))
	}
	q.takePlace(ctx)
	q.checkFailFast()
	q.startClock()
	return q
}

// Context returns a context that ends when the time of the test is over: its
// own limit ([Timeout]) or go test's -timeout less a grace period, whichever
// comes first. [context.Cause] tells which.
func (q *Test) Context() context.Context { return q.ctx }

// Target returns the target under test, such as "x86_64".
func (q *Test) Target() string { return q.target }

// Emulator returns the path of the emulator under test.
func (q *Test) Emulator() string { return q.emulator }

// Capabilities returns what the emulator under test can do, as it told over
// QMP. They are nil for a user-mode emulator.
func (q *Test) Capabilities() *machine.Capabilities { return q.capabilities }

// open makes the directory of the logs and registers the end of the test.
func (q *Test) open() {
	q.t.Helper()
	dir, lock, err := openLogDir(q.t, q.target)
	if err != nil {
		q.t.Fatalf("making the directory of the logs, below QEMU_TEST_LOG_DIR or build/functional: %v", err)
	}
	q.t.Cleanup(func() { lock.Close() })
	q.logDir = dir
	q.workDirs.prepare(dir)
	base, err := os.Create(filepath.Join(dir, "base.log"))
	if err != nil {
		q.t.Fatalf("opening the log: %v", err)
	}
	q.log.w = base
	q.t.Cleanup(q.close)
	q.t.Cleanup(q.trackRunning())

	setAttr(q.t, "qemu.target", q.target)
	setAttr(q.t, "qemu.log", dir)
	if q.settings.machine != "" {
		setAttr(q.t, "qemu.machine", q.settings.machine)
	}
	if q.capabilities != nil {
		setAttr(q.t, "qemu.version", q.capabilities.Version.String())
	}
	q.logf("test %s, emulator %s", q.t.Name(), q.emulator)
}

// takePlace waits until this host has room for the machines of the test.
func (q *Test) takePlace(ctx context.Context) {
	q.t.Helper()
	start := time.Now()
	release, err := pool.Acquire(ctx, pool.Weight{
		Name:   q.t.Name(),
		Memory: q.settings.memory,
		Cores:  q.settings.cores,
	})
	if err != nil {
		q.t.Fatalf("waiting for a place to run machines: %v", err)
	}
	q.t.Cleanup(release)
	q.logf("got a place after %v", time.Since(start).Round(time.Millisecond))
}

// startClock starts the time of the test.
func (q *Test) startClock() {
	q.t.Helper()
	limit, err := timescale.Of(q.settings.timeout)
	if err != nil {
		q.t.Fatal(err)
	}
	ctx, cancel := q.deadline.context(q.t.Context(), time.Now().Add(limit),
		fmt.Errorf("the time limit of the test, %v, is over (qemutest.Timeout and QEMU_TEST_TIMEOUT_SCALE set it): %w",
			limit, context.DeadlineExceeded))
	q.ctx = ctx
	q.stopWatch = q.watch()
	// Cleanups run last to first: what is registered here runs before the
	// logs are closed and the place is given back, and after the cleanups of
	// the test itself, which may take too long too.
	q.t.Cleanup(func() {
		q.stopWatch()
		q.finish()
		cancel()
	})
}

// machines returns the machines of the test in the order they were made.
func (q *Test) machines() []*VM {
	q.mu.Lock()
	defer q.mu.Unlock()
	return append([]*VM(nil), q.vms...)
}

// finish ends all machines and judges how they ended.
func (q *Test) finish() {
	q.launches.end(errTestEnded)
	failed := q.t.Failed() || panicking()
	if failed && q.reported.Load() == reportedNothing {
		q.reportEvidence(q.t)
	}
	if failed {
		q.hold()
	}
	var shutdowns sync.WaitGroup
	for _, vm := range q.machines() {
		shutdowns.Go(vm.finish)
	}
	shutdowns.Wait()
	for _, vm := range q.machines() {
		vm.judge()
	}
	q.endProcesses()
	noteFailure(q.t) // before others get the place
	if !failed && !q.t.Failed() {
		return
	}
	if !failed {
		q.reportEvidence(q.t)
	}
	text := fmt.Sprintf("logs: %s\nrun it again: %s", q.logDir, q.rerunCommand())
	if path := q.writeRepro(); path != "" {
		text += "\nrun its machine by hand: sh " + machine.Quote([]string{path})
	}
	q.t.Log(text)
}

// panicking reports whether a panic ends the test: package testing runs the
// cleanups then, but counts the test as failed only afterwards.
func panicking() bool {
	stack := make([]uintptr, 64)
	frames := runtime.CallersFrames(stack[:runtime.Callers(2, stack)])
	for {
		frame, more := frames.Next()
		if frame.Function == "runtime.gopanic" {
			return true
		}
		if !more {
			return false
		}
	}
}

// close is the last of the test: nothing of it writes a log or needs a file
// any more.
func (q *Test) close() {
	for _, vm := range q.machines() {
		vm.close()
	}
	switch {
	case q.t.Failed() || panicking():
		q.logf("failed")
		q.keepForRepro()
	case !q.t.Skipped():
		q.logf("passed")
	}
	q.log.close()
	q.workDirs.remove()
}

// rerunCommand returns a command line that runs this test alone.
func (q *Test) rerunCommand() string {
	pkg := "."
	if dir, err := os.Getwd(); err == nil {
		if root, err := module.Root(); err == nil {
			if rel, err := filepath.Rel(root, dir); err == nil {
				pkg = "./" + filepath.ToSlash(rel)
			}
		}
	}
	return fmt.Sprintf("go test -v -count=1 -run %s %s", machine.Quote([]string{runPattern(q.t.Name())}), pkg)
}

// Check ends the test if err is not nil: as skipped if it is a [*Skip], else as
// failed.
func (q *Test) Check(err error) {
	q.t.Helper()
	if err != nil {
		q.end(err)
	}
}
