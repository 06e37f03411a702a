package board

import (
	"context"
	"sync"
	"time"

	"github.com/qemutest/functional/qemutest/qmp"
)

// turnTime is how often QEMU's main loop turns at least.
const turnTime = time.Second

// keepAwake has the main loop of QEMU turn, up to the call of stop.
//
// QEMU lets the thread of a CPU that waits for a block device, such as an SD
// card or an EEPROM with a file, handle what is meant for the main loop. That
// thread takes away the notice of a timer that was set just before, too, and if
// the host had no processor for the main thread up to then, that sleeps on
// until something else comes, and so does a guest that waits for the timer. It
// was seen with QEMU 10.0 on mcimx7d-sabre, whose guest stood still for minutes
// within a write to its EEPROM, until QMP was asked something.
func keepAwake(ctx context.Context, monitor *qmp.Client) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var asking sync.WaitGroup
	asking.Go(func() {
		turns := time.NewTicker(turnTime)
		defer turns.Stop()
		for {
			select {
			case <-turns.C:
			case <-ctx.Done():
				return
			}
			if _, err := monitor.Execute(ctx, "query-status", nil); err != nil {
				return // it has ended, which the test finds by itself
			}
		}
	})
	return func() {
		cancel()
		asking.Wait()
	}
}
