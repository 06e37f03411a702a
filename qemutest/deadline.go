package qemutest

import (
	"context"
	"errors"
	"flag"
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

// The grace period is a twentieth of -timeout, within these bounds, and at most
// half of it: evidence needs about a second, also on a loaded host. It is the
// same for all tests of the process, whenever they start: a test whose turn
// comes within it has no time left.
const (
	minGrace = 2 * time.Second
	maxGrace = 15 * time.Second
)

// Of the grace period, a test that stopped in time may have used these shares
// when its evidence is complete, and when its machines are down. The rest is
// for package testing, to print it all.
const (
	evidenceShare = 0.75
	shutdownShare = 0.9
)

func newDeadline(t *testing.T) deadline {
	end, ok := t.Deadline()
	if !ok {
		return deadline{grace: maxGrace}
	}
	grace := gracePeriod(goTestTimeout())
	return deadline{end: end.Add(-grace), grace: grace}
}

func gracePeriod(timeout time.Duration) time.Duration {
	return min(max(timeout/20, minGrace), maxGrace, timeout/2)
}

// goTestTimeout returns go test's -timeout.
func goTestTimeout() time.Duration {
	if f := flag.Lookup("test.timeout"); f != nil {
		if timeout, err := time.ParseDuration(f.Value.String()); err == nil {
			return timeout
		}
	}
	return 10 * time.Minute // its default
}

// closing returns a context for work at the end of a test. It ends after limit,
// or earlier, when a share of the grace period has passed.
func (d deadline) closing(limit time.Duration, share float64) (context.Context, context.CancelFunc) {
	end := time.Now().Add(limit)
	if !d.end.IsZero() {
		last := d.end.Add(time.Duration(share * float64(d.grace)))
		if last.Before(end) {
			end = last
		}
	}
	return context.WithDeadline(context.Background(), end)
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
// until it is stopped from outside: a quarter of the grace period is for that.
func (d deadline) overrun(ctx context.Context) time.Duration {
	end, _ := ctx.Deadline()
	return time.Until(end) + d.grace/4
}

// runPattern returns the argument of -run that selects one test or subtest.
func runPattern(name string) string {
	elems := strings.Split(name, "/")
	for i, elem := range elems {
		elems[i] = "^" + regexp.QuoteMeta(elem) + "$"
	}
	return strings.Join(elems, "/")
}
