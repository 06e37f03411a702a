package hang

import (
	"slices"
	"time"
)

const (
	// idleShare is the part of the time that the thread of a halted CPU may
	// run or want to: idle guests have timers, TCG takes its time to serve
	// them, and a busy host lets them wait for each.
	idleShare = 0.5

	// spinRange is the size of the code in bytes that a loop may have to be
	// called spinning.
	spinRange = 4096

	// overload is the Slowdown from which the host is to blame.
	overload = 2

	// sleepTime is how long QEMU does nothing to be called asleep, and
	// sleepShare the part of that time in which it may do something.
	sleepTime  = 10 * time.Second
	sleepShare = 0.01

	// starved is the part of the time that the main thread has to be without
	// a processor, to explain that the monitor does not answer.
	starved = 0.5
)

// classify judges what was found. What leaves the guest no choice goes first.
// A halted CPU is halted on a busy host too; where CPUs that get hardly any
// time stand says little.
func (d Diagnosis) classify() Kind {
	switch {
	case d.Exit.Kind != 0:
		return Gone
	case d.Silence != nil && d.kept():
		return Overloaded
	case d.Silence != nil:
		return MainLoopStuck
	case d.RunState != "" && d.RunState != "running":
		return Stopped
	case d.allHalted():
		return Idle
	case d.slept() && len(d.CPUs) > 0:
		return Overslept
	case d.Slowdown() >= overload:
		return Overloaded
	}
	busy := d.busyCPUs()
	switch {
	case len(busy) == 0 || slices.ContainsFunc(busy, d.unclear):
		return Unknown
	case slices.ContainsFunc(busy, func(cpu CPU) bool { low, high := cpu.pcRange(); return high-low >= spinRange }):
		return Busy
	default:
		return Spinning
	}
}

// kept reports whether the main thread was kept from running.
func (d Diagnosis) kept() bool {
	if len(d.Process.Threads) == 0 {
		return false
	}
	main := d.Process.Threads[0]
	return d.Process.share(main.Waited) >= starved
}

// slept reports whether QEMU did nothing before it was asked.
func (d Diagnosis) slept() bool {
	w := d.Wait
	return w.Lasted >= sleepTime && w.slowdown() < overload && float64(w.Ran) < sleepShare*float64(w.Lasted)
}

func (d Diagnosis) allHalted() bool {
	for _, cpu := range d.CPUs {
		if !d.halted(cpu) {
			return false
		}
	}
	return len(d.CPUs) > 0
}

func (d Diagnosis) busyCPUs() []CPU {
	return slices.DeleteFunc(slices.Clone(d.CPUs), d.halted)
}

// halted reports whether a CPU does nothing. Its registers tell, or its thread.
func (d Diagnosis) halted(cpu CPU) bool {
	if cpu.Halted > 0 && cpu.Halted == len(d.Registers) {
		return true
	}
	use, known := d.use(cpu)
	return known && use < idleShare
}

// unclear reports whether it cannot be told what a CPU does that is not known
// to be halted: its program counter is not known or, without knowledge of its
// thread, stands still, which it does in a loop of one instruction too.
func (d Diagnosis) unclear(cpu CPU) bool {
	low, high := cpu.pcRange()
	_, known := d.use(cpu)
	return len(cpu.PCs) < 2 || !known && low == high
}

// use returns the part of the time in which the thread of a CPU ran or wanted
// to. Of a process whose threads are not known it is that of all together.
func (d Diagnosis) use(cpu CPU) (share float64, known bool) {
	if t := d.Process.thread(cpu.Thread); t != nil {
		return d.Process.wanted(*t), true
	}
	if len(d.Process.Threads) == 1 {
		return d.Process.wanted(d.Process.Threads[0]), true
	}
	return 0, false
}

// pcRange returns the lowest and the highest program counter.
func (c CPU) pcRange() (low, high uint64) {
	if len(c.PCs) == 0 {
		return 0, 0
	}
	return slices.Min(c.PCs), slices.Max(c.PCs)
}
