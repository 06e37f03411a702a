package console

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/qemutest/functional/console/internal/scan"
)

const (
	// settleTime is how long a wait gives the guest to go on with a line
	// where the rest of it could still change what matched.
	settleTime = 200 * time.Millisecond

	// readSize is how much of the transcript a wait looks at between two
	// looks at the clock, in bytes.
	readSize = 64 << 10

	// lastLook is how much that has arrived but was not looked at yet still
	// counts when the time is up, in bytes.
	lastLook = 1 << 20
)

// A search is one wait under way.
type search struct {
	c     *Console
	w     Wait
	ctx   context.Context
	began time.Time

	echo      *echo // of the command that was sent, if any
	listening bool  // the echo is still to come

	success, failure []*scan.Expr

	patterns []Pattern // what set looks for at present:
	exprs    []*scan.Expr
	failures int       // those from this index on are failures
	set      *scan.Set // nil if nothing
	from     int64     // where matches may start
	origin   int64     // where Match.Before starts
	pos      int64     // what set has seen
	buf      []byte
}

func newSearch(c *Console, w Wait, from int64, echo *echo) (*search, error) {
	if len(w.Success)+len(w.Failure) == 0 {
		return nil, errors.New("console: a wait needs a pattern: set Wait.Success, or Wait.Failure")
	}
	success, err := compileAll("Wait.Success", w.Success)
	if err != nil {
		return nil, err
	}
	failure, err := compileAll("Wait.Failure", w.Failure)
	if err != nil {
		return nil, err
	}
	s := &search{c: c, w: w, began: time.Now(), echo: echo, success: success, failure: failure}
	s.arm(from, echo != nil)
	return s, nil
}

// arm starts the search at an offset; while it listens for the echo of a
// command, for the failures alone.
func (s *search) arm(from int64, listening bool) {
	s.listening = listening
	s.patterns, s.exprs, s.failures = nil, nil, 0
	if !listening {
		s.patterns, s.exprs = append(s.patterns, s.w.Success...), append(s.exprs, s.success...)
		s.failures = len(s.exprs)
	}
	s.patterns, s.exprs = append(s.patterns, s.w.Failure...), append(s.exprs, s.failure...)
	s.set = nil
	if len(s.exprs) > 0 {
		s.set = scan.NewSet(s.exprs, s.c.text.runeBefore(from))
	}
	s.from, s.origin, s.pos = from, from, from
}

// run searches, and moves the cursor to the end of the match.
func (s *search) run(ctx context.Context) (Match, error) {
	if s.w.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, s.w.Timeout, ErrTimeout)
		defer cancel()
	}
	s.ctx = ctx
	m, err := s.search()
	if err != nil {
		return Match{}, s.explain(err)
	}
	s.c.SetCursor(m.End)
	return m, nil
}

// search looks at the transcript as it grows until a pattern decides, the
// time is up or the console ends.
func (s *search) search() (Match, error) {
	if failure := s.c.text.view().failure; failure != nil {
		return Match{}, s.c.watchError(s.w, s.began, *failure, s.more)
	}
	for {
		expired := s.ctx.Err() != nil // then what is there by now is looked at once more
		v := s.c.text.view()
		limit := v.size
		if v.failure != nil {
			limit = min(limit, v.failure.at)
		}
		m, done, err := s.look(limit)
		if err == nil && !done {
			switch {
			case s.pos < limit: // too much to look at now that the time is up
				err = context.Cause(s.ctx)
			case v.failure != nil:
				err = s.c.watchError(s.w, s.began, *v.failure, s.more)
			case v.err != nil:
				m, done, err = s.finish(v)
			case expired:
				err = context.Cause(s.ctx)
			default:
				err = s.pause(v)
			}
		}
		if done || err != nil {
			return m, err
		}
	}
}

// look scans what is there up to limit, unless the time is up before.
func (s *search) look(limit int64) (Match, bool, error) {
	if s.buf == nil {
		s.buf = make([]byte, readSize)
	}
	for s.pos < limit {
		if s.ctx.Err() != nil && limit-s.pos > lastLook {
			break
		}
		p := s.buf[:min(readSize, limit-s.pos)]
		if n, err := s.c.text.ReadAt(p, s.pos); n < len(p) {
			return Match{}, false, err
		}
		if m, done, err := s.scan(p); done || err != nil {
			return m, done, err
		}
	}
	return Match{}, false, nil
}

// scan looks at p, which continues what was seen, up to the first place that
// decides something.
func (s *search) scan(p []byte) (Match, bool, error) {
	if s.listening {
		if n, seen := s.echo.scan(p, s.pos); seen {
			p = p[:n]
		}
	}
	n, complete := len(p), []int32(nil)
	if s.set != nil {
		n, complete = s.set.Scan(p)
	}
	s.pos += int64(n)
	if len(complete) > 0 {
		if m, done, err := s.decide(complete); done || err != nil {
			return m, done, err
		}
	}
	if s.listening && s.echo.seenAt(s.pos) {
		s.arm(s.pos, false)
	}
	return Match{}, false, nil
}

// gaps returns what is not part of the match of an expression that is complete
// at s.pos.
func (s *search) gaps(i int) []scan.Gap {
	gaps := slices.Clone(s.set.Gaps(int32(i)))
	for i := range gaps { // the set began to look at s.from
		gaps[i].Start += s.from
		gaps[i].End += s.from
	}
	return gaps
}

// decide turns the expressions complete at s.pos into the result, if one of
// them is a match that counts.
func (s *search) decide(complete []int32) (Match, bool, error) {
	for i, e := range s.exprs {
		if !contains(complete, i) {
			continue
		}
		m, found, err := s.c.text.locate(e, s.from, s.pos, s.gaps(i), s.more)
		if err != nil {
			return Match{}, false, err
		}
		if !found || (s.echo != nil && s.echo.covers(s.c.text, m, s.more)) {
			continue
		}
		m.Index, m.Pattern = i, s.patterns[i]
		before, err := s.c.text.slice(max(s.origin, m.Start-maxBefore), m.Start)
		if err != nil {
			return Match{}, false, err
		}
		m.Before = string(before)
		if i >= s.failures {
			m.Index -= s.failures
			return Match{}, false, s.c.failureError(s.w, s.began, m)
		}
		return m, true, nil
	}
	// Too long, or part of an echo: what begins from here on may count.
	s.from = s.pos
	s.set.Reset(s.c.text.runeBefore(s.pos))
	return Match{}, false, nil
}

// finish decides at the end of the transcript.
func (s *search) finish(v view) (Match, bool, error) {
	if s.set != nil {
		if complete := s.set.Finish(); len(complete) > 0 {
			if m, done, err := s.decide(complete); done || err != nil {
				return m, done, err
			}
		}
	}
	if errors.Is(v.err, io.EOF) {
		return Match{}, false, ErrClosed
	}
	return Match{}, false, v.err
}

// pause waits until the transcript is no longer as in v or the time is up.
func (s *search) pause(v view) error {
	var idle <-chan time.Time
	if s.w.Idle > 0 {
		since := v.last
		if since.Before(s.began) {
			since = s.began
		}
		timer := time.NewTimer(time.Until(since.Add(s.w.Idle)))
		defer timer.Stop()
		idle = timer.C
	}
	select {
	case <-v.changed:
	case <-s.ctx.Done():
	case <-idle:
		if s.c.text.length() == v.size {
			return ErrIdle
		}
	}
	return nil
}

// more waits for text beyond offset while the guest is in the middle of a
// line.
func (s *search) more(offset int64) bool {
	timer := time.NewTimer(settleTime)
	defer timer.Stop()
	for {
		v := s.c.text.view()
		if v.size > offset {
			return true
		}
		if v.err != nil {
			return false
		}
		select {
		case <-v.changed:
		case <-timer.C:
			return false
		case <-s.ctx.Done():
			return false
		}
	}
}

// explain makes a WaitError of an error that is none yet.
func (s *search) explain(err error) error {
	var waitErr *WaitError
	if errors.As(err, &waitErr) {
		return err
	}
	e := s.c.waitError(s.w, s.began, err)
	e.Nearest = s.c.nearest(s.origin, s.success)
	var sending *sendError
	if s.listening && !errors.As(err, &sending) {
		e.Hint = s.echo.hint()
	}
	return e
}
