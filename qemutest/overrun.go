package qemutest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

// watch fails the test in its own name when its time is over and nothing in it
// noticed: the test waits somewhere outside this package. Killing its machines
// is what ends most such waits.
//
// A wait that even this does not end is left to go test's -timeout, which does
// not print what a test has logged, unless with -v: so the way to the evidence
// goes to the standard error.
func (q *Test) watch() (stop func()) {
	var mu sync.Mutex
	stopped := false
	var timer *time.Timer
	unlessStopped := func(f func()) func() {
		return func() {
			mu.Lock()
			defer mu.Unlock()
			if !stopped {
				f()
			}
		}
	}
	warn := unlessStopped(func() {
		fmt.Fprintf(os.Stderr, "%s: %v; the test goes on although its machines were killed. What they did is in %s\n",
			q.root.Name(), context.Cause(q.ctx), q.Log("base.log"))
	})
	mu.Lock()
	defer mu.Unlock()
	timer = time.AfterFunc(q.deadline.overrun(q.ctx), unlessStopped(func() {
		q.launches.end(context.Cause(q.ctx))
		message := fmt.Sprintf("%v; the test did not notice within %v, so its machines are killed",
			context.Cause(q.ctx), q.deadline.grace/4)
		q.root.Error(message)
		q.logf("%s", message)
		q.reportEvidence(q.root)
		for _, vm := range q.machines() {
			vm.kill()
		}
		timer = time.AfterFunc(q.deadline.grace/16, warn)
	}))
	return func() {
		mu.Lock()
		defer mu.Unlock()
		stopped = true
		timer.Stop()
	}
}
