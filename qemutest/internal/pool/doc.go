// Package pool decides how many virtual machines run on a host at once.
//
// "go test ./..." starts one test process per package, and each of them runs
// several tests in parallel; none knows of the others. This package gives all
// processes of a user one budget of memory, cores and machines to share:
//
//	release, err := pool.Acquire(ctx, pool.Weight{Memory: 512 << 20, Name: t.Name()})
//	if err != nil {
//		return err
//	}
//	defer release()
//
// Acquire blocks until the request fits beside what already runs. It takes
// some 50 µs when there is room.
//
// # The promises
//
//   - The sum of what was granted and not yet released never exceeds the
//     budget, over all processes, with one exception: a request that is larger
//     than the whole budget is granted when nothing else runs, instead of never.
//   - Requests are granted in the order in which they arrived, whatever their
//     size and process. A large request is not overtaken by small ones: while
//     it waits for the host to empty, they wait behind it.
//   - A holder that dies, also by SIGKILL, frees its place at once, and so does
//     a waiter that dies. Nothing has to be cleaned up and there is no time-out.
//   - A waiter sleeps in the kernel; there is no polling.
//
// # One request per test
//
// A test that starts several machines must acquire once, for their sum
// ([Weight.Add]). Two tests that each hold one place and ask for a second one
// can wait for each other for ever; no pool can know that they never will
// release the first.
//
// # The budget
//
// See [DefaultBudget] for the figures and their reasons. The environment
// variable QEMU_TEST_JOBS sets how many machines run at once. Each process
// applies its own budget to its own requests, and counts what all the others
// hold; processes with different settings coexist.
//
// # How it works
//
// The state is a directory, private to the user. Each request is a FIFO in
// it, whose write end stays open in the process that made the request, and
// nowhere else. The name of the FIFO tells the order of arrival, the weight, and
// whether the request waits or runs. To know whether a request is still alive,
// or to wait for its end, one opens the FIFO for reading: the kernel reports end
// of file when the last writer is gone, no matter how it went.
//
// A waiter that is not the first in the queue waits for the end of the one
// before it. The first one waits for the end of any that runs. So an end
// wakes one or two processes, not all. Looks at the directory and
// changes of it happen under an flock(2) of the directory, held for
// microseconds.
//
// FIFOs instead of one flock'ed file per request: waiting for a lock
// occupies a thread for each lock and can't be cancelled, reading from a FIFO
// is done by Go's network poller (on macOS, where that doesn't work for
// FIFOs, a thread is the price).
//
// # Limits
//
// A process that is stopped (SIGSTOP, Ctrl-Z) keeps its place, also the one in
// the queue. A container with its own temporary directory has its own pool,
// unless QEMU_TEST_POOL_DIR names a directory that it shares with others; memory
// and CPU limits of its control group (version 2) are respected.
package pool
