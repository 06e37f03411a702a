package asset

import (
	"fmt"
	"os"
	"sync"
	"time"
)

// process is one entry of the host's process table.
type process struct {
	name   string // of the program, possibly truncated
	parent int
	start  string // start time in the unit of the host; with the process id it names a process for ever
}

// currentRun identifies the run this process belongs to: the nearest "go" command among its ancestors, since "go test
// ./..." starts a process per package, else the process itself. Names rather than times are compared, so a clock that
// jumps does not matter.
var currentRun = sync.OnceValue(func() string {
	boot, err := bootID()
	if err != nil {
		boot = "-"
	}
	return boot + "/" + runOf(os.Getpid(), lookupProcess)
})

// runOf finds the run of the process self in a process table.
func runOf(self int, lookup func(pid int) (process, error)) string {
	run := ""
	for pid := self; pid > 1; {
		p, err := lookup(pid)
		if err != nil {
			break
		}
		if run == "" || p.name == "go" {
			run = fmt.Sprintf("%d/%s", pid, p.start)
		}
		if p.name == "go" {
			break
		}
		pid = p.parent
	}
	if run == "" { // no process table: a name that no other process makes
		run = fmt.Sprintf("%d/%d", self, time.Now().UnixNano())
	}
	return run
}
