package runner

import (
	"os"
	"slices"
	"strings"
)

// A Process is one of the chain of runners.
type Process struct {
	PID  int
	Name string // of its program, such as "gotestsum"
}

// names are the programs that run tests.
var names = []string{"go", "gotestsum", "test2json"}

// A Chain is the runners of this process, under watch.
type Chain struct {
	processes []Process
	watch     *watch
	gone      *Process // ended while Find looked at it
}

// Find returns the runners of this process and begins to watch them. The chain
// may be empty.
func Find() *Chain {
	c := new(Chain)
	parent := os.Getppid()
	for _, p := range ancestors(parent, startedByGoTest(os.Args), look) {
		if !c.add(p) {
			c.gone = &p
			break
		}
	}
	return c
}

// add begins to watch a process, and returns false if it has ended.
func (c *Chain) add(p Process) bool {
	if c.watch == nil {
		w, err := newWatch()
		if err != nil {
			return true // this host cannot watch
		}
		c.watch = w
	}
	ended, err := c.watch.add(p.PID)
	if err != nil {
		return true
	}
	c.processes = append(c.processes, p)
	// Before the watch began, its number could have become another one's.
	now, _, ok := look(p.PID)
	return !ended && ok && now == p.Name
}

// Processes returns the runners, the nearest first.
func (c *Chain) Processes() []Process { return slices.Clone(c.processes) }

// Wait waits until one of the runners is gone, and returns it. It returns false
// when there is none that can be watched.
func (c *Chain) Wait() (Process, bool) {
	if c.gone != nil {
		return *c.gone, true
	}
	if len(c.processes) == 0 {
		return Process{}, false
	}
	pid, err := c.watch.wait()
	i := slices.IndexFunc(c.processes, func(p Process) bool { return p.PID == pid })
	if err != nil || i < 0 {
		return Process{}, false
	}
	return c.processes[i], true
}

// ancestors returns the runners of a process with this parent, by the rule in
// the documentation of the package. look returns the program and the parent of
// a process.
func ancestors(parent int, byGoTest bool, look func(pid int) (name string, parent int, ok bool)) []Process {
	var runners []Process
	for pid := parent; pid > 1; {
		name, next, ok := look(pid)
		if !ok {
			break
		}
		switch {
		case slices.Contains(names, name):
			runners = append(runners, Process{pid, name})
		case !byGoTest || len(runners) > 0:
			return runners
		}
		pid = next
	}
	return runners
}

// startedByGoTest reports whether the go command wrote the command line of a
// test binary.
func startedByGoTest(args []string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		return strings.HasPrefix(strings.TrimLeft(arg, "-"), "test.paniconexit0")
	})
}
