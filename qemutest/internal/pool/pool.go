package pool

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// A Pool is a budget and the directory through which processes share it. The
// zero value is the host's pool.
type Pool struct {
	// Dir holds the state. It is made if it doesn't exist, and must belong to
	// the user alone. Default: QEMU_TEST_POOL_DIR, or qemutest-pool-<uid> in
	// the first of /dev/shm, $XDG_RUNTIME_DIR and [os.TempDir] where that is
	// possible.
	Dir string

	// Budget limits what this process may add to what already runs. The zero
	// value means [DefaultBudget], asked at each request.
	Budget Budget

	// Waiting, if it is set, is called once for a request that is not granted at
	// once, before the wait, with a text that says who is in the way.
	Waiting func(inTheWay string)
}

// Acquire waits until a request of weight w fits into the host's pool, and
// returns a function that gives its place back. It may be called more than
// once and from any goroutine; only the first call counts. The end of the process
// releases too.
//
// Beside the budget, a request must fit into the memory that is available on
// the host at that moment, so that programs outside the pool are taken into
// account. Neither limit applies when nothing in the pool runs: a request that is
// too large for the host fails better by itself than by waiting.
//
// An error is that of a context that ended, with a text that says who was in
// the way, or means that the directory can't be used, or that QEMU_TEST_JOBS
// is malformed.
func Acquire(ctx context.Context, w Weight) (release func(), err error) {
	return new(Pool).Acquire(ctx, w)
}

// Acquire is like the function [Acquire], in pool p.
func (p *Pool) Acquire(ctx context.Context, w Weight) (release func(), err error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	r, err := p.newRequest(w)
	if err != nil {
		return nil, err
	}
	defer r.leaveQueue()

	start := time.Now()
	waiting := p.Waiting
	for {
		running, blockers, err := r.attempt(ctx)
		if err == errVanished {
			continue // and make it again
		} else if err != nil {
			return nil, err
		}
		if running != nil {
			return sync.OnceFunc(running.end), nil
		}
		if waiting != nil {
			waiting(describe(blockers))
			waiting = nil
		}
		if err := awaitAny(ctx, blockers); err != nil {
			return nil, fmt.Errorf("gave up waiting for a place among the running machines after %v: %w\nin the way: %s",
				time.Since(start).Round(time.Millisecond), err, describe(blockers))
		}
	}
}

// A request is one call of Acquire.
type request struct {
	dir    string
	budget Budget
	load   load
	name   string
	turn   *entry // its place in the queue, nil before the first attempt
}

func (p *Pool) newRequest(w Weight) (*request, error) {
	r := &request{dir: p.Dir, budget: p.Budget, load: w.load(), name: w.Name}
	var err error
	if r.budget == (Budget{}) {
		if r.budget, err = DefaultBudget(); err != nil {
			return nil, err
		}
	}
	if r.dir == "" {
		if r.dir, err = defaultDir(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// attempt looks at the pool once. If the request is the first in the queue and
// fits, it is granted: running is its entry. Otherwise it has a place in the queue
// from now on, and blockers are those of whom one must end before another
// attempt can succeed.
func (r *request) attempt(ctx context.Context) (running *entry, blockers []*peer, err error) {
	dir, err := lockDir(ctx, r.dir)
	if err != nil {
		return nil, nil, err
	}
	defer dir.unlock()

	holders, ahead, err := dir.look(r.turn)
	if err != nil {
		return nil, nil, err
	}
	if ahead == nil && r.fitsBeside(holders) {
		closeAll(holders)
		running, err = dir.add(stateRunning, r.load, r.name)
		return running, nil, err
	}
	if r.turn == nil {
		if r.turn, err = dir.add(stateWaiting, r.load, r.name); err != nil {
			closeAll(append(holders, ahead))
			return nil, nil, err
		}
	}
	if ahead != nil {
		closeAll(holders)
		return nil, []*peer{ahead}, nil
	}
	return nil, holders, nil
}

func (r *request) fitsBeside(holders []*peer) bool {
	if len(holders) == 0 {
		return true
	}
	var used load
	for _, h := range holders {
		used = used.plus(h.load)
	}
	if !r.budget.admits(used, r.load) {
		return false
	}
	available := availableMemory()
	return available == 0 || r.load.memory <= available
}

// leaveQueue makes way for the request behind, whether this one was granted or
// gave up.
func (r *request) leaveQueue() {
	if r.turn != nil {
		r.turn.end()
	}
}

// describe lists peers for the message of a wait that was given up.
func describe(peers []*peer) string {
	var b strings.Builder
	for i, p := range peers {
		if i > 0 {
			b.WriteString("; ")
		}
		state := "running"
		if p.state == stateWaiting {
			state = "waiting"
		}
		fmt.Fprintf(&b, "%s (process %d, %s: %d MiB, %.1f cores, %d machines)",
			p.owner, p.pid, state, p.load.memory>>20, float64(p.load.milliCores)/1000, p.load.machines)
	}
	return b.String()
}
