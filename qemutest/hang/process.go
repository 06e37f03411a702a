package hang

import (
	"context"
	"time"
)

// Process is what the host knows of QEMU. On Linux, Threads begins with the
// main thread; elsewhere it has one element, for the whole process. It is empty
// when the host tells nothing.
type Process struct {
	Threads []Thread
	Age     time.Duration // since its start, 0 if not known
	Window  time.Duration // of the examination
	Looks   int           // at its threads, in the window
}

// Thread is one thread of QEMU.
type Thread struct {
	ID    int
	Name  string
	State string // as in ps: R (runs or wants to), S (sleeps), D, T (stopped by a signal), ...
	Where string // the function of the kernel in which it waits, "" if not known
	Ready int    // looks at which its State was R

	Ran, Waited           time.Duration // during Window: on a processor, and ready but without one
	TotalRan, TotalWaited time.Duration // since its start
}

// thread returns the thread with this ID, nil if it is not known.
func (p Process) thread(id int) *Thread {
	for i := range p.Threads {
		if p.Threads[i].ID == id {
			return &p.Threads[i]
		}
	}
	return nil
}

// enoughLooks tell something about the part of the time that a thread is ready.
const enoughLooks = 3

// wanted returns the part of the window, from 0 to 1, in which the thread ran
// or was ready to. Linux counts the time that a thread waits for a processor
// only when it gets one, so the state at the looks is asked too.
func (p Process) wanted(t Thread) float64 {
	share := p.share(t.Ran + t.Waited)
	if p.Looks < enoughLooks {
		return share
	}
	return max(share, float64(t.Ready)/float64(p.Looks))
}

func (p Process) share(d time.Duration) float64 {
	if p.Window <= 0 {
		return 0
	}
	return min(1, float64(d)/float64(p.Window))
}

// busiest returns the thread that wanted most, nil if no thread is known.
func (p Process) busiest() *Thread {
	var busiest *Thread
	for i := range p.Threads {
		if t := &p.Threads[i]; busiest == nil || p.wanted(*t) > p.wanted(*busiest) {
			busiest = t
		}
	}
	return busiest
}

// longestWait returns the time that a thread of QEMU was kept from running, of
// the one for which it was longest.
func (p Process) longestWait() time.Duration {
	var longest time.Duration
	for _, t := range p.Threads {
		longest = max(longest, t.TotalWaited)
	}
	return longest
}

// observation is a look at a process that goes on.
type observation struct {
	pid   int
	start time.Time
	first Process
	last  Process
	looks int
	ready map[int]int // looks at which a thread was ready, by its ID
}

// observe begins to look at a process.
func observe(ctx context.Context, pid int) *observation {
	o := &observation{pid: pid, start: time.Now(), ready: map[int]int{}}
	o.look(ctx)
	o.first = o.last
	return o
}

// look looks once more. A host that tells nothing leaves what was seen before.
func (o *observation) look(ctx context.Context) {
	p, err := readProcess(ctx, o.pid)
	if err != nil {
		return
	}
	p.Window = time.Since(o.start)
	o.looks++
	o.last = p
	for _, t := range p.Threads {
		if t.State == "R" {
			o.ready[t.ID]++
		}
	}
}

// process returns what the process did from the first look to the last.
func (o *observation) process() Process {
	p := o.last
	p.Looks = o.looks
	for i := range p.Threads {
		t := &p.Threads[i]
		t.Ready = o.ready[t.ID]
		t.Ran, t.Waited = t.TotalRan, t.TotalWaited
		if earlier := o.first.thread(t.ID); earlier != nil {
			t.Ran -= earlier.TotalRan
			t.Waited -= earlier.TotalWaited
		}
	}
	return p
}
