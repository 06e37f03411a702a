package qemutest

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"
)

// deadline is when go test ends the whole test binary, if it was given a
// -timeout, and how long before that a test must stop, so that it can collect
// evidence and fail in its own name: the panic of -timeout runs no cleanup.
type deadline struct {
	end   time.Time // when tests must stop; zero for never
	grace time.Duration
}

// The grace period is a twentieth of the time that is left, within these
// bounds, and at most half of that time: evidence needs about a second, also on
// a loaded host.
const (
	minGrace = 2 * time.Second
	maxGrace = 15 * time.Second
)

func newDeadline(t *testing.T) deadline {
	end, ok := t.Deadline()
	if !ok {
		return deadline{grace: maxGrace}
	}
	left := time.Until(end)
	grace := min(max(left/20, minGrace), maxGrace, left/2)
	return deadline{end: end.Add(-grace), grace: grace}
}

var errGoTestTimeout = errors.New("go test's -timeout is near; give it more time, or none with -timeout 0")

// context returns a context that ends at the earlier of the two: limit, with
// cause, if it is not zero; and the end of the test binary.
func (d deadline) context(parent context.Context, limit time.Time, cause error) (context.Context, context.CancelFunc) {
	if !d.end.IsZero() && (limit.IsZero() || d.end.Before(limit)) {
		limit, cause = d.end, errGoTestTimeout
	}
	if limit.IsZero() {
		return context.WithCancel(parent)
	}
	return context.WithDeadlineCause(parent, limit, cause)
}

// overrun returns how long from now a test whose time ends with ctx may go on
// until it is stopped from outside: half the grace period is for that.
func (d deadline) overrun(ctx context.Context) time.Duration {
	end, _ := ctx.Deadline()
	return time.Until(end) + d.grace/2
}

// runPattern returns the argument of -run that selects one test or subtest.
func runPattern(name string) string {
	elems := strings.Split(name, "/")
	for i, elem := range elems {
		elems[i] = "^" + regexp.QuoteMeta(elem) + "$"
	}
	return strings.Join(elems, "/")
}
