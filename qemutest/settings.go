package qemutest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// DefaultTimeout is the time limit of a test that does not ask for another one
// with [Timeout].
const DefaultTimeout = 90 * time.Second

// DefaultMemory is what a test counts for in the pool of machines, in bytes,
// when it does not declare more with [Memory]. Most machine types have 128 MiB
// of RAM by default; the rest is for QEMU itself.
const DefaultMemory = 512 << 20

type tier int

const (
	tierByAssets tier = iota // thorough when the test declares assets
	tierQuick
	tierThorough
)

// settings is what the requirements of a test add up to.
type settings struct {
	requirements []Requirement
	assets       []Source
	machine      string // value of -machine, "" for none
	cpu          string // value of -cpu, "" for none
	tier         tier
	timeout      time.Duration
	serial       bool
	userMode     bool
	memory       int64
	cores        float64
	// prepare, unless nil, is called when the files of the test have their
	// places, and before the test has one among the running machines: what
	// takes long on this host without one.
	prepare func(ctx context.Context, q *Test) error
}

func newSettings(requirements []Requirement) settings {
	s := settings{requirements: requirements, timeout: DefaultTimeout, memory: DefaultMemory}
	for _, r := range requirements {
		if r, ok := r.(*requirement); ok && r.configure != nil {
			r.configure(&s)
		}
	}
	return s
}

// thorough reports whether the test belongs to the thorough tier.
func (s *settings) thorough() bool {
	switch s.tier {
	case tierQuick:
		return false
	case tierThorough:
		return true
	default:
		return len(s.assets) > 0
	}
}

// Timeout sets the time limit of the test, [DefaultTimeout] if not given. Its
// clock starts when the test got its place among the running machines, after
// its assets were fetched. QEMU_TEST_TIMEOUT_SCALE, a number, multiplies it on
// slow hosts.
func Timeout(limit time.Duration) Requirement {
	return setting("timeout "+limit.String(), func(s *settings) { s.timeout = limit })
}

// Quick puts a test that declares assets in the quick tier, which -short runs.
func Quick() Requirement {
	return setting("quick", func(s *settings) { s.tier = tierQuick })
}

// Thorough puts a test that declares no asset in the thorough tier, which
// -short leaves out.
func Thorough() Requirement {
	return setting("thorough", func(s *settings) { s.tier = tierThorough })
}

// Serial keeps the test from running in parallel with others of its package.
// Without it, New calls t.Parallel.
func Serial() Requirement {
	return setting("serial", func(s *settings) { s.serial = true })
}

// Memory declares how much memory of the host all machines of the test need
// at once, in bytes; [DefaultMemory] if not given. The pool of machines starts
// no more tests than the host has memory for.
func Memory(bytes int64) Requirement {
	return setting(fmt.Sprintf("memory %d MiB", bytes>>20), func(s *settings) { s.memory = bytes })
}

// Cores declares how many cores of the host the machines of the test keep busy
// at once; half a core if not given, because machines wait much of their time.
func Cores(n float64) Requirement {
	return setting(fmt.Sprintf("cores %g", n), func(s *settings) { s.cores = n })
}

// UserMode says that the test runs programs under the target's user-mode
// emulator (qemu-arm, say) with [Test.Run], and starts no machine.
func UserMode() Requirement {
	return setting("user mode", func(s *settings) { s.userMode = true })
}

// checkTier skips a thorough test in a run with -short.
func (q *Test) checkTier() error {
	if testing.Short() && q.settings.thorough() {
		return Skipf(KindTier, "thorough test, left out by -short: run go test without -short")
	}
	return nil
}

// envSet reports whether an environment variable turns something on: it has a
// value, and not one that says no. Package asset reads its own in the same way.
func envSet(name string) bool {
	switch strings.ToLower(os.Getenv(name)) {
	case "", "0", "no", "off", "false":
		return false
	}
	return true
}

// artifacts reports whether go test was given -artifacts.
func artifacts() bool {
	f := flag.Lookup("test.artifacts")
	return f != nil && strings.EqualFold(f.Value.String(), "true")
}
