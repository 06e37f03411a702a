package qemutest

import (
	"flag"
	"sync/atomic"
	"testing"
)

// firstFailed is the name of the first test of this process that failed.
var firstFailed atomic.Pointer[string]

// noteFailure remembers that a test failed, for those whose turn has not come.
func noteFailure(t *testing.T) {
	if t.Failed() || panicking() {
		name := t.Name()
		firstFailed.CompareAndSwap(nil, &name)
	}
}

// checkFailFast ends the test as skipped when go test was given -failfast and
// another test has failed. Package testing starts no test after that, but it
// counts tests that wait for their turn after t.Parallel as started, which are
// nearly all here.
func (q *Test) checkFailFast() {
	q.t.Helper()
	if f := flag.Lookup("test.failfast"); f == nil || f.Value.String() != "true" {
		return
	}
	if failed := firstFailed.Load(); failed != nil {
		q.Skip(KindFailFast, "not started: %s has failed, and go test was given -failfast", *failed)
	}
}
