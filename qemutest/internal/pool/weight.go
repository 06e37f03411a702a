package pool

import "math"

// A Weight is what a request needs while it runs. The zero value of a field
// means its default, so Weight{} is one small machine.
type Weight struct {
	// Memory is the machines' RAM (-m) in bytes. QEMU's own needs are
	// covered by the part of the host's memory that is not in the budget.
	// Default: 256 MiB, somewhat above QEMU's 128 MiB for most machines.
	Memory int64

	// Cores is the number of host cores that the machines keep busy, on
	// average. Default: half a core per machine. A quick test of QEMU's suite
	// waits more than it computes: QEMU uses a quarter to a half
	// of the time that such a test takes, the rest is start-up, disk and the
	// monitor. A machine with n virtual CPUs that are all busy needs n.
	Cores float64

	// Machines is the number of machines, default 1.
	Machines int

	// Name says who asks, usually the name of the test. It is shown to those
	// who wait.
	Name string
}

const (
	defaultMemory = 256 << 20
	defaultCores  = 0.5
)

// Add returns the weight of w and v together, with defaults filled in. It
// keeps w's name, or takes v's if w has none.
func (w Weight) Add(v Weight) Weight {
	w, v = w.withDefaults(), v.withDefaults()
	if w.Name == "" {
		w.Name = v.Name
	}
	w.Memory += v.Memory
	w.Cores += v.Cores
	w.Machines += v.Machines
	return w
}

func (w Weight) withDefaults() Weight {
	if w.Machines <= 0 {
		w.Machines = 1
	}
	if w.Memory <= 0 {
		w.Memory = defaultMemory * int64(w.Machines)
	}
	if w.Cores <= 0 {
		w.Cores = defaultCores * float64(w.Machines)
	}
	return w
}

// load is a weight in whole numbers, which a file name can carry and a sum
// can't blur.
type load struct {
	memory     int64 // bytes
	milliCores int64
	machines   int64
}

func (w Weight) load() load {
	w = w.withDefaults()
	return load{
		memory:     w.Memory,
		milliCores: int64(math.Ceil(w.Cores * 1000)),
		machines:   int64(w.Machines),
	}
}

func (l load) plus(m load) load {
	return load{l.memory + m.memory, l.milliCores + m.milliCores, l.machines + m.machines}
}
