package qemutest

import (
	"os"
	"sync"

	"github.com/qemutest/functional/qemutest/internal/runner"
)

// runners are go test, gotestsum and their like, if one of them started this
// process. They are looked for before the first test, because one that was
// killed since then cannot be found any more.
var runners = runner.Find()

// running are the tests of this process that have a log.
var running struct {
	sync.Mutex
	tests map[*Test]bool
}

// endWithRunners ends this process when one of its runners is gone: nobody
// hears of the results, and nobody can stop the machines with Ctrl-C. The guard
// ends them, and removes the directories of the tests, as after a kill -9.
//
// See package runner for what counts: a test binary that a shell started goes
// on when the shell ends.
var endWithRunners = sync.OnceFunc(func() {
	go func() {
		gone, ok := runners.Wait()
		if !ok {
			return
		}
		running.Lock() // for good
		for q := range running.tests {
			q.logf("%s (process %d), which ran this test, is gone: the test process ends too", gone.Name, gone.PID)
		}
		// Not to the standard error: whoever reads it may have stopped to.
		os.Exit(1)
	}()
})

// trackRunning notes that the test has a log, until forget is called.
func (q *Test) trackRunning() (forget func()) {
	running.Lock()
	defer running.Unlock()
	if running.tests == nil {
		running.tests = make(map[*Test]bool)
	}
	running.tests[q] = true
	return func() {
		running.Lock()
		defer running.Unlock()
		delete(running.tests, q)
	}
}
