package pool

import (
	"fmt"
	"os"
	"strconv"
	"sync"
)

// JobsEnv is the environment variable that sets how many machines run at once.
const JobsEnv = "QEMU_TEST_JOBS"

// A Budget limits what all granted requests need together. A field that is 0
// does not limit.
type Budget struct {
	Memory   int64   // bytes
	Cores    float64 // host cores
	Machines int
}

// DefaultBudget returns the budget of this host.
//
// Memory is three quarters of the physical memory, or of the control group's
// limit if that is lower. It is a share of the total, not of what is
// free at the moment, because the guests that run already are part of
// the sum and would count twice, and because every process must come to the
// same figure. The last quarter is for QEMU itself, the compiler and the page
// cache, in which the guests' images lie. What programs outside the pool use is
// taken into account when a request is granted, see [Acquire].
//
// Cores is the number of CPUs that this process may use. With the default
// [Weight.Cores], two cores run four machines.
//
// Machines is unlimited, unless QEMU_TEST_JOBS sets it to a positive number,
// which then replaces the limit on cores; memory stays limited. Anything else
// in that variable, 0 apart, is an error.
func DefaultBudget() (Budget, error) {
	jobs, err := jobsFromEnv()
	if err != nil {
		return Budget{}, err
	}
	b := hostBudget()
	if jobs > 0 {
		b.Machines, b.Cores = jobs, 0
	}
	return b, nil
}

// hostBudget asks the host once; neither figure changes while a test runs.
var hostBudget = sync.OnceValue(func() Budget {
	return Budget{Memory: totalMemory() / 4 * 3, Cores: usableCores()}
})

func jobsFromEnv() (int, error) {
	text := os.Getenv(JobsEnv)
	if text == "" {
		return 0, nil
	}
	jobs, err := strconv.Atoi(text)
	if err != nil || jobs < 0 {
		return 0, fmt.Errorf("%s must be the number of machines to run at once, or 0 for the default; it is %q", JobsEnv, text)
	}
	return jobs, nil
}

// admits reports whether more fits beside used.
func (b Budget) admits(used, more load) bool {
	sum := used.plus(more)
	return (b.Memory <= 0 || sum.memory <= b.Memory) &&
		(b.Cores <= 0 || float64(sum.milliCores) <= b.Cores*1000) &&
		(b.Machines <= 0 || sum.machines <= int64(b.Machines))
}
