package recordreplay

import (
	"context"
	"fmt"
	"time"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/machine"
	"github.com/qemutest/functional/qemutest/qmp"
)

const (
	// patience is for how long a replay may stand still. A guest that waits
	// for its next timer executes no instruction, but hardly for seconds.
	patience = 15 * time.Second

	// interval is how often the replay is looked at.
	interval = 250 * time.Millisecond
)

// replay runs the guest again, and returns an error if it does anything else
// than what was recorded.
func (g Guest) replay(q *qemutest.Test, r recording, patience time.Duration) error {
	// QEMU records the "quit" that ends a recording and, while it quits, a signal
	// that it never got. The replay ends with either of them.
	vm := g.vm(q, "replay", r.log).ExpectExit(machine.Signaled)
	vm.Launch()
	start := time.Now()
	at, trouble := follow(q.Context(), vm, patience)
	if trouble == nil {
		exit := vm.WaitForExit()
		q.Logf("replayed in %v", time.Since(start))
		trouble = r.sameEnd(exit)
	}
	difference := r.sameConsole(vm.Machine().Consoles()[0])
	if trouble == nil && difference == nil {
		return nil
	}
	return &divergence{
		trouble:    trouble,
		difference: difference,
		at:         at,
		end:        r.summary.Instructions,
		next:       nextEvent(r.log, at),
	}
}

// follow waits until a replay has ended. It returns how many instructions were
// replayed when it last looked, and an error if the replay stood still, or the
// guest printed what fails a test.
func follow(ctx context.Context, vm *qemutest.VM, patience time.Duration) (at int64, err error) {
	m := vm.Machine()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	moved := time.Now()
	for {
		select {
		case <-ctx.Done():
			return at, context.Cause(ctx)
		case <-m.Consoles()[0].Failed():
			return at, m.Consoles()[0].Failure()
		case <-m.Done():
			return at, nil
		case <-ticker.C:
		}
		now, err := Instructions(ctx, vm)
		switch {
		case err != nil:
			// QEMU is about to end, or the time is over: the next turn sees it.
		case now > at:
			at, moved = now, time.Now()
		case time.Since(moved) > patience:
			return at, fmt.Errorf("it has been standing still for %v", patience)
		}
	}
}

// Instructions returns how many instructions a machine has recorded or replayed.
func Instructions(ctx context.Context, vm *qemutest.VM) (int64, error) {
	type replayInfo struct { // ReplayInfo of QEMU's qapi/replay.json
		ICount int64 `json:"icount"`
	}
	info, err := qmp.Call[replayInfo](ctx, vm.Machine().QMP(), "query-replay", nil)
	return info.ICount, err
}
