package qemutest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/qemutest/internal/guard"
	"github.com/qemutest/functional/qemutest/machine"
)

// Process is a program of the host that runs beside the machines of a test,
// such as a back end of vhost-user. [Test.Start] starts it.
type Process struct {
	test    *Test
	name    string
	argv    []string
	process *guard.Process
	output  *console.Console
}

// Start starts a program of the host that runs in the background, with nothing
// to read. What it writes goes to the log <name>.log, which must not be the name
// of a machine, and into the evidence of a failure. It is killed at the end of
// the test, after the machines have ended, and does not outlive the test process.
//
// How it ends does not matter to the test. Commands that run to their end are
// for [Test.HostCommand].
func (q *Test) Start(name, command string, args ...string) *Process {
	q.t.Helper()
	p := &Process{test: q, name: name, argv: append([]string{command}, args...)}
	if err := p.start(); err != nil {
		q.t.Fatalf("starting %s: %v", machine.Quote(p.argv), err)
	}
	q.logf("started %s: %s", name, machine.Quote(p.argv))
	q.mu.Lock()
	defer q.mu.Unlock()
	q.processes = append(q.processes, p)
	return p
}

func (p *Process) start() (err error) {
	ours, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	defer theirs.Close() // the program has its own
	p.output, err = console.New(ours, console.Options{Name: p.name, LogPath: p.test.Log(p.name + ".log")})
	if err != nil {
		return err
	}
	cmd := exec.Command(p.argv[0], p.argv[1:]...)
	cmd.Stdout, cmd.Stderr = theirs, theirs
	if p.process, err = guard.Start(cmd); err != nil {
		return errors.Join(err, p.output.Close())
	}
	return nil
}

// WaitFor waits until the program writes text, to standard output or error, and
// fails the test if it writes one of the failure texts first, or ends. Many
// programs write through a buffer when nobody reads along: run those under
// stdbuf -o0.
func (p *Process) WaitFor(text string, failures ...string) console.Match {
	p.test.t.Helper()
	match, err := p.output.Wait(p.test.ctx, console.Wait{
		Success: []console.Pattern{console.Text(text)},
		Failure: texts(failures),
	})
	if err != nil {
		p.test.t.Fatal(err)
	}
	p.test.logf("%s: found %q", p.name, match.Text)
	return match
}

// end kills the program and all that it started.
func (p *Process) end() {
	if err := p.process.Signal(syscall.SIGKILL); err == nil {
		p.test.logf("%s: killed", p.name)
	}
	<-p.process.Done()
	if err := p.output.Close(); err != nil {
		p.test.logf("%s: closing its log: %v", p.name, err)
	}
}

// endProcesses ends what runs beside the machines.
func (q *Test) endProcesses() {
	for _, p := range q.startedProcesses() {
		p.end()
	}
}

func (q *Test) startedProcesses() []*Process {
	q.mu.Lock()
	defer q.mu.Unlock()
	return append([]*Process(nil), q.processes...)
}

// processEvidence describes what runs beside the machines for the report of a
// failure.
func (q *Test) processEvidence() []string {
	var reports []string
	for _, p := range q.startedProcesses() {
		reports = append(reports, p.evidence())
	}
	return reports
}

// reapTime is how long a program whose output has ended may take to end too.
const reapTime = time.Second

// ended reports whether the program has ended. One that has closed its output is
// about to.
func (p *Process) ended() bool {
	limit := time.Duration(0)
	select {
	case <-p.output.Done():
		limit = reapTime
	default:
	}
	select {
	case <-p.process.Done():
		return true
	case <-time.After(limit):
		return false
	}
}

func (p *Process) evidence() string {
	var b strings.Builder
	if p.ended() {
		fmt.Fprintf(&b, "%s has ended", p.name)
		if status, err := p.process.Wait(); err == nil && status.Signaled() {
			fmt.Fprintf(&b, ": signal %d (%v)", int(status.Signal()), status.Signal())
		} else if err == nil {
			fmt.Fprintf(&b, ": status %d", status.ExitStatus())
		}
	} else {
		fmt.Fprintf(&b, "%s is running (process %d)", p.name, p.process.PID())
	}
	lines := p.output.Tail(evidenceLines)
	fmt.Fprintf(&b, "; its last %d lines:\n", len(lines))
	for _, line := range lines {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	fmt.Fprintf(&b, "command line:\n  %s", machine.Quote(p.argv))
	return b.String()
}
