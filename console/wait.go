package console

import (
	"context"
	"time"
)

// A Wait says what to wait for and for how long. At least one pattern is
// needed. Timeout and Idle are measured by the clock on the wall; what the
// guest prints does not extend Timeout.
type Wait struct {
	Success []Pattern // the first of these to be complete ends the wait
	Failure []Pattern // the first of these to be complete fails the wait

	// Timeout limits the whole wait. 0 means that only the context does.
	Timeout time.Duration

	// Idle limits the time in which the guest prints nothing at all. 0 means
	// that it may be silent until Timeout.
	Idle time.Duration
}

// A Match tells which pattern matched, where and how.
type Match struct {
	Index      int      // of the pattern in Wait.Success; for a failure in Wait.Failure or Options.Watch
	Pattern    Pattern  // the pattern itself
	Text       string   // what it matched, without lines of the kernel in its middle
	Submatches []string // of a Regexp: Text and what each group matched, "" if it had no part in it
	Start, End int64    // offsets in the transcript of the first byte of Text and of what follows its last
	Before     string   // what stands between the place where the wait began and Start, at most the last 64 KiB
}

// Wait looks for the patterns of w in the transcript from the cursor on, in
// what is there already and in what arrives, and moves the cursor to the end
// of the match. The pattern wins that is complete first in the stream; of
// those complete at the same byte a success before a failure, then the one
// listed first. How the stream was cut into reads makes no difference.
//
// The error is a [*WaitError] unless w itself can't be used; the cursor stays
// where it was. A wait that fails because of a rule of Options.Watch gives
// success to what was complete before the rule's Start, if the wait was already
// pending; one that starts later fails at once.
//
// Waits of several goroutines do not disturb each other: each starts at the
// cursor as it finds it.
func (c *Console) Wait(ctx context.Context, w Wait) (Match, error) {
	s, err := newSearch(c, w, c.Cursor(), nil)
	if err != nil {
		return Match{}, err
	}
	return s.run(ctx)
}
