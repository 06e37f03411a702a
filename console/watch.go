package console

import (
	"sync"

	"github.com/qemutest/functional/console/internal/scan"
)

// A watch looks for failure patterns in all that arrives, and stops at the
// first that is not expected. Only the reading goroutine scans.
//
// Rules that go beyond a pattern (where the report of a failure starts and
// ends, what kind of failure it is) are a matter of what is done with a hit;
// the search for its first sign stays as it is.
type watch struct {
	patterns []Pattern
	exprs    []*scan.Expr
	set      *scan.Set // nil when there is nothing to look for
	offset   int64     // scanned so far
	failed   chan struct{}

	mu       sync.Mutex
	expected map[string]bool // by Pattern.String
}

// A hit is the place at which a failure pattern is complete.
type hit struct {
	index int   // of the pattern
	at    int64 // offset in the transcript
}

func newWatch(patterns []Pattern) (*watch, error) {
	exprs, err := compileAll("Options.Watch", patterns)
	if err != nil {
		return nil, err
	}
	w := &watch{
		patterns: patterns,
		exprs:    exprs,
		failed:   make(chan struct{}),
		expected: make(map[string]bool),
	}
	if len(exprs) > 0 {
		w.set = scan.NewSet(exprs, -1)
	}
	return w, nil
}

// scan looks at p, which continues the transcript, and returns the first
// failure there that is not expected, or nil.
func (w *watch) scan(p []byte) *hit {
	for w.set != nil && len(p) > 0 {
		n, complete := w.set.Scan(p)
		w.offset += int64(n)
		p = p[n:]
		if h := w.check(complete); h != nil {
			return h
		}
	}
	return nil
}

// finish is scan at the end of the transcript.
func (w *watch) finish() *hit {
	if w.set == nil {
		return nil
	}
	return w.check(w.set.Finish())
}

// check returns the first failure among the expressions complete at w.offset
// that is not expected. It is the only one that is ever returned.
func (w *watch) check(complete []int32) *hit {
	if len(complete) == 0 {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, p := range w.patterns {
		if contains(complete, i) && !w.expected[p.String()] {
			w.set = nil
			return &hit{i, w.offset}
		}
	}
	return nil
}

// announce closes the channel of Failed once the transcript has the failure.
func (w *watch) announce(failure *hit) {
	if failure != nil {
		close(w.failed)
	}
}

func contains(complete []int32, index int) bool {
	for _, id := range complete {
		if int(id) == index {
			return true
		}
	}
	return false
}

// Expect marks patterns of Options.Watch as expected from now on: a test that
// wants a panic says so. Patterns that are not watched are ignored. What has
// failed already stays failed, so call it before the guest can get there.
func (c *Console) Expect(patterns ...Pattern) {
	c.watch.mu.Lock()
	defer c.watch.mu.Unlock()
	for _, p := range patterns {
		c.watch.expected[p.String()] = true
	}
}

// Failed returns a channel that is closed when a pattern of Options.Watch has
// matched that was not marked with [Console.Expect]. Pending waits fail at
// that moment and later ones at once; the channel serves whoever has to end
// the test although nobody waits.
func (c *Console) Failed() <-chan struct{} { return c.watch.failed }

// Failure returns what closed the channel of [Console.Failed], as a
// [*WaitError] that wraps [ErrFailure], and nil if nothing did. The text of
// the match is the one that has arrived by now.
func (c *Console) Failure() error {
	failure := c.text.view().failure
	if failure == nil {
		return nil
	}
	return c.watchError(Wait{}, c.opened, *failure, noMore)
}
