package asset

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// flights lets the goroutines of a process that want the same thing share one attempt at it. Unlike
// golang.org/x/sync/singleflight the attempt belongs to none of them: it goes on while anybody waits for it.
type flights struct {
	mu  sync.Mutex
	all map[string]*flight
}

type flight struct {
	done    chan struct{} // closed when path and err are set
	path    string
	err     error
	waiters int
	cancel  context.CancelCauseFunc
}

// join returns what work returns, starting it when no attempt under this key is under way.
func (fs *flights) join(ctx context.Context, key string, work func(context.Context) (string, error)) (string, error) {
	f := fs.board(ctx, key, work)
	select {
	case <-f.done:
		return f.path, f.err
	case <-ctx.Done():
	}
	if !fs.leave(ctx, key, f) {
		return "", ended(ctx)
	}
	// Nobody waits any more. The work ends at once, and its error knows what it was doing.
	<-f.done
	return f.path, f.err
}

func (fs *flights) board(ctx context.Context, key string, work func(context.Context) (string, error)) *flight {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f := fs.all[key]; f != nil {
		f.waiters++
		return f
	}
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	f := &flight{done: make(chan struct{}), waiters: 1, cancel: cancel}
	if fs.all == nil {
		fs.all = map[string]*flight{}
	}
	fs.all[key] = f
	go func() {
		f.path, f.err = work(ctx)
		cancel(nil)
		fs.remove(key, f)
		close(f.done)
	}()
	return f
}

// leave gives up waiting and reports whether that canceled the work. A canceled flight takes nobody on board any more.
func (fs *flights) leave(ctx context.Context, key string, f *flight) (last bool) {
	fs.mu.Lock()
	f.waiters--
	last = f.waiters == 0
	fs.mu.Unlock()
	if last {
		fs.remove(key, f)
		f.cancel(ended(ctx))
	}
	return last
}

func (fs *flights) remove(key string, f *flight) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.all[key] == f {
		delete(fs.all, key)
	}
}

// ended returns nil while ctx goes on, else an error that wraps the context's and tells its cause.
func ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if err == nil || errors.Is(cause, context.Canceled) || errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}
