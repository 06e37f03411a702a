package qemutest

import (
	"context"
	"errors"
	"sync"
)

// launches are the launches of a test that are under way. A test may launch
// machines from goroutines of its own, and may end before they are done: a
// machine that nobody knows yet must not stay behind.
type launches struct {
	mu       sync.Mutex
	ended    error // why there are to be no more
	cancels  map[int]context.CancelCauseFunc
	last     int
	underway sync.WaitGroup
}

var errTestEnded = errors.New("the test has ended")

// begin returns the context of a launch, whose end done reports. The error says
// that no machine may be launched any more.
func (l *launches) begin(parent context.Context) (ctx context.Context, done func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended != nil {
		return nil, nil, l.ended
	}
	ctx, cancel := context.WithCancelCause(parent)
	if l.cancels == nil {
		l.cancels = make(map[int]context.CancelCauseFunc)
	}
	l.last++
	key := l.last
	l.cancels[key] = cancel
	l.underway.Add(1)
	return ctx, func() {
		cancel(nil)
		l.mu.Lock()
		delete(l.cancels, key)
		l.mu.Unlock()
		l.underway.Done()
	}, nil
}

// end makes the launches under way give up, and waits until they have.
func (l *launches) end(cause error) {
	l.mu.Lock()
	if l.ended == nil {
		l.ended = cause
	}
	for _, cancel := range l.cancels {
		cancel(cause)
	}
	l.mu.Unlock()
	l.underway.Wait()
}
