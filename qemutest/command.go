package qemutest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/qemutest/functional/qemutest/internal/emulator"
	"github.com/qemutest/functional/qemutest/internal/guard"
	"github.com/qemutest/functional/qemutest/machine"
)

// Result is how a command ended and what it wrote.
type Result struct {
	Argv   []string
	Stdout string
	Stderr string
	Status int            // exit status; -1 when a signal ended the command
	Signal syscall.Signal // signal that ended the command, or 0
}

// Err returns nil when the command ended with status 0, and otherwise an error
// with its command line, how it ended, and what it wrote to standard error; if
// that is nothing, to standard output.
func (r Result) Err() error {
	wrote := indent(strings.TrimSpace(cmp.Or(r.Stderr, r.Stdout)))
	switch {
	case r.Signal != 0:
		return fmt.Errorf("%s was killed by signal %d (%v)\n%s", machine.Quote(r.Argv), int(r.Signal), r.Signal, wrote)
	case r.Status != 0:
		return fmt.Errorf("%s ended with status %d\n%s", machine.Quote(r.Argv), r.Status, wrote)
	}
	return nil
}

// Run runs a program of the target under the target's user-mode emulator, for
// tests with [UserMode], and returns how it ended. The program and everything
// it started are killed when the time of the test is over. How the program
// should end, the test decides; dying by a signal is no failure of Run.
func (q *Test) Run(program string, args ...string) Result {
	q.t.Helper()
	if !q.settings.userMode {
		q.t.Fatal("Run needs the requirement UserMode")
	}
	argv := []string{q.emulator}
	for _, path := range q.libraryPaths {
		argv = append(argv, "-L", path)
	}
	return q.execute(append(append(argv, program), args...))
}

// AddLibraryPath makes [Test.Run] look for the program's interpreter and
// libraries below dir (-L).
func (q *Test) AddLibraryPath(dir string) {
	q.t.Helper()
	path, err := filepath.Abs(dir)
	if err != nil {
		q.t.Fatal(err)
	}
	q.libraryPaths = append(q.libraryPaths, path)
}

// Tool runs a program that belongs to QEMU, such as qemu-img, from the build
// tree or PATH, and returns what it wrote to standard output. QEMU_TEST_QEMU_IMG
// names another qemu-img. The test is skipped if there is none, and fails if the
// program does.
func (q *Test) Tool(name string, args ...string) string {
	q.t.Helper()
	path, err := emulator.Tool(name)
	if err != nil {
		q.end(skipMissing(err))
	}
	return q.HostCommand(path, args...)
}

// HostCommand runs a command of the host and returns what it wrote to standard
// output. The test fails if the command does. Commands that a test runs belong
// among its requirements ([Command]).
func (q *Test) HostCommand(name string, args ...string) string {
	q.t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		q.t.Fatal(err)
	}
	result := q.execute(append([]string{path}, args...))
	if err := result.Err(); err != nil {
		q.t.Fatal(err)
	}
	return result.Stdout
}

// execute runs a command to its end, or to the end of the test's time.
func (q *Test) execute(argv []string) Result {
	q.t.Helper()
	q.logf("running %s", machine.Quote(argv))
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	process, err := guard.Start(cmd)
	if err != nil {
		q.t.Fatalf("running %s: %v", machine.Quote(argv), err)
	}
	stop := context.AfterFunc(q.ctx, func() {
		// A process that has ended needs no signal.
		_ = process.Signal(syscall.SIGKILL)
	})
	status, err := process.Wait()
	killed := !stop()
	result := Result{Argv: argv, Stdout: stdout.String(), Stderr: stderr.String(), Status: status.ExitStatus()}
	if status.Signaled() {
		result.Signal = status.Signal()
	}
	q.logf("%s ended: status %d, signal %d\n%s%s", filepath.Base(argv[0]), result.Status, int(result.Signal), result.Stdout, result.Stderr)
	if killed {
		err = errors.Join(context.Cause(q.ctx), err)
	}
	if err != nil {
		q.t.Fatalf("running %s: %v\n%s", machine.Quote(argv), err, indent(strings.TrimSpace(result.Stdout+result.Stderr)))
	}
	return result
}
