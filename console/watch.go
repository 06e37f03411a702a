package console

import (
	"bytes"
	"cmp"
	"sync"

	"github.com/qemutest/functional/console/internal/scan"
)

const (
	// maxReports is how many reports a watch remembers that failed nothing:
	// a guest may complain forever.
	maxReports = 64

	// maxReport is the length in bytes at which a report ends in any case.
	maxReport = 16 << 10
)

var newline = []byte("\n")

// A watch looks for the reports of its rules in all that arrives. Only one
// goroutine scans.
//
// A set looks for the starts of all rules at once, and another one for the end
// of the report that goes on, so that a report is the same however the stream
// is cut into reads.
type watch struct {
	rules  []Rule
	exprs  []*scan.Expr // the start of each rule
	ends   []*scan.Expr // the end of each rule, nil for none
	set    *scan.Set    // nil when there is nothing to look for
	offset int64        // scanned so far
	failed chan struct{}

	mu       sync.Mutex
	expected map[Kind]bool
	found    []*finding
	open     *finding // the last of found, or one too many for it, while its report goes on
	failure  *finding // the first that was fatal
	told     int      // of found: how many Options.Reported knows
}

// A finding is a report that a rule has found.
type finding struct {
	hit
	noted  bool      // by the rule, or because it was expected
	ending *scan.Set // looks for the end; nil if the rule has none
	lines  int       // line ends since the hit
	last   bool      // the end is in the present line
	end    int64     // offset of the end of the report, 0 while it goes on
}

// A hit is the place at which an expression is complete.
type hit struct {
	index int        // of the rule
	at    int64      // offset in the transcript
	gaps  []scan.Gap // what is not part of the match before it
}

func newWatch(rules []Rule) (*watch, error) {
	if err := checkRules(rules); err != nil {
		return nil, err
	}
	var starts, ends []Pattern
	for _, r := range rules {
		starts = append(starts, r.Start)
		if r.End != nil {
			ends = append(ends, r.End)
		}
	}
	exprs, err := compileAll("Options.Watch", starts)
	if err != nil {
		return nil, err
	}
	compiled, err := compileAll("Options.Watch", ends)
	if err != nil {
		return nil, err
	}
	w := &watch{
		rules:    rules,
		exprs:    exprs,
		ends:     make([]*scan.Expr, len(rules)),
		failed:   make(chan struct{}),
		expected: make(map[Kind]bool),
	}
	for i, r := range rules {
		if r.End != nil {
			w.ends[i], compiled = compiled[0], compiled[1:]
		}
	}
	if len(exprs) > 0 {
		w.set = scan.NewSet(exprs, -1)
	}
	return w, nil
}

// scan looks at p, which continues the transcript. It returns the first
// failure, if that is in p.
func (w *watch) scan(p []byte) *hit {
	if w.set == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.failure
	for len(p) > 0 {
		n, complete := w.set.Scan(p)
		w.extend(p[:n])
		w.offset += int64(n)
		w.check(complete, bytes.HasSuffix(p[:n], newline))
		p = p[n:]
	}
	if before != nil || w.failure == nil {
		return nil
	}
	return &w.failure.hit
}

// finish is scan at the end of the transcript.
func (w *watch) finish() *hit {
	if w.set == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.failure
	w.check(w.set.Finish(), false)
	w.close(w.offset)
	if before != nil || w.failure == nil {
		return nil
	}
	return &w.failure.hit
}

// extend adds p to the report that goes on, as far as it reaches.
func (w *watch) extend(p []byte) {
	for at := w.offset; w.open != nil && len(p) > 0; {
		limit := w.open.at + maxReport
		n := bytes.IndexByte(p, '\n') + 1
		w.open.lookForEnd(p[:cmp.Or(n, len(p))])
		switch line := int64(cmp.Or(n, len(p))); {
		case at+line >= limit:
			w.close(limit)
			return
		case n == 0:
			return
		}
		p, at = p[n:], at+int64(n)
		w.open.lines++
		if w.open.last || w.open.lines == w.rules[w.open.index].lines() {
			w.close(at)
		}
	}
}

// lookForEnd continues the report with p, which is not more than a line.
func (f *finding) lookForEnd(p []byte) {
	for f.ending != nil && !f.last && len(p) > 0 {
		n, complete := f.ending.Scan(p)
		f.last = len(complete) > 0
		p = p[n:]
	}
}

// close ends the report that goes on.
func (w *watch) close(at int64) {
	if w.open != nil {
		w.open.end, w.open.ending = at, nil
		w.open = nil
	}
}

// check takes note of the expressions that are complete at w.offset, and
// whether that is the end of a line.
func (w *watch) check(complete []int32, ended bool) {
	if len(complete) == 0 {
		return
	}
	for i, r := range w.rules {
		if contains(complete, i) {
			w.start(i, r, ended)
			break // one report has one kind: that of the first rule
		}
	}
}

// start begins a report, unless it is part of the one that goes on: a guest
// that fails has much to say.
func (w *watch) start(index int, r Rule, ended bool) {
	f := &finding{hit: hit{index, w.offset, w.set.Gaps(int32(index))}, noted: r.Noted || w.expected[r.kind()]}
	if w.open != nil && !w.interrupts(f) {
		return
	}
	w.close(w.offset)
	w.open = f
	if w.ends[index] != nil {
		prev := ' '
		if ended {
			prev = '\n'
		}
		f.ending = scan.NewSet([]*scan.Expr{w.ends[index]}, prev)
	}
	if ended {
		f.lines = 1
		if r.lines() == 1 {
			w.close(w.offset)
		}
	}
	if !f.noted && w.failure == nil {
		w.failure = f
	}
	if len(w.found) < maxReports || w.failure == f {
		w.found = append(w.found, f)
	}
}

// interrupts reports whether f is more than a part of the report that goes on:
// the end of the guest is no part of what it went on after, and what nobody
// expected no part of what was.
func (w *watch) interrupts(f *finding) bool {
	if !f.noted {
		return w.open.noted
	}
	return !w.rules[f.index].Noted && w.rules[w.open.index].Noted
}

// announce closes the channel of Failed once the transcript has the failure.
func (w *watch) announce(failure *hit) {
	if failure != nil {
		close(w.failed)
	}
}

// finding returns what was found at a hit.
func (w *watch) finding(h hit) finding {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.found {
		if f.at == h.at {
			return *f
		}
	}
	return finding{hit: h}
}

// findings returns all that was found so far.
func (w *watch) findings() []finding {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]finding, len(w.found))
	for i, f := range w.found {
		all[i] = *f
	}
	return all
}

// untold returns what has ended and was not returned before.
func (w *watch) untold() []finding {
	w.mu.Lock()
	defer w.mu.Unlock()
	var ended []finding
	for ; w.told < len(w.found) && w.found[w.told].end > 0; w.told++ {
		ended = append(ended, *w.found[w.told])
	}
	return ended
}

func contains(complete []int32, index int) bool {
	for _, id := range complete {
		if int(id) == index {
			return true
		}
	}
	return false
}

// Expect says that reports of these kinds are what the test wants, from now
// on: they fail nothing, and are noted only. What has failed already stays
// failed, so call it before the guest can get there.
func (c *Console) Expect(kinds ...Kind) {
	c.watch.mu.Lock()
	defer c.watch.mu.Unlock()
	for _, kind := range kinds {
		c.watch.expected[kind] = true
	}
}

// Failed returns a channel that is closed when a rule of Options.Watch has
// found a report that is fatal and was not marked with [Console.Expect].
// Pending waits fail at that moment and later ones at once; the channel serves
// whoever has to end the test although nobody waits.
func (c *Console) Failed() <-chan struct{} { return c.watch.failed }

// Failure returns what closed the channel of [Console.Failed], as a
// [*WaitError] that wraps [ErrFailure], and nil if nothing did. The report is
// the one that has arrived by now.
func (c *Console) Failure() error {
	failure := c.text.view().failure
	if failure == nil {
		return nil
	}
	return c.watchError(Wait{}, c.opened, *failure, noMore)
}
