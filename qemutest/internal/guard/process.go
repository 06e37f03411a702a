package guard

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// outputDelay is how long the output of a command that has ended is still
// copied, when a process that left its group holds the other end.
const outputDelay = 2 * time.Second

// Process is a running command that ends, with everything it started, when
// this process does. Its methods may be called at any time, by several
// goroutines.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // what cmd.Wait returned; valid when done is closed

	mu   sync.Mutex
	gone bool // the group is killed; its number is about to become free
}

// Start starts cmd in a process group of its own under the watchers of the
// package, and waits for its end in the background. When the command ends, what
// it left of its group is killed: nothing that a wrapper started stays behind.
//
// The caller prepares cmd as for [exec.Cmd.Start] and does not use its methods
// afterwards. SysProcAttr keeps what it says, apart from the process group and
// the parent death signal; the environment gets one more variable.
func Start(cmd *exec.Cmd) (*Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	cmd.SysProcAttr.Setpgid = true
	cmd.Env = append(cmd.Environ(), mark)
	if cmd.WaitDelay == 0 {
		cmd.WaitDelay = outputDelay
	}
	if err := startWatched(cmd); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, done: make(chan struct{})}
	release, err := watchGroup(cmd.Process.Pid)
	if err != nil {
		_ = p.Signal(syscall.SIGKILL)
		_ = cmd.Wait()
		return nil, err
	}
	go p.reap(release)
	return p, nil
}

// reap waits for the end of the command and tidies up after it. Until the
// command is reaped, its process group keeps its number: nobody else is killed
// or released in its place.
func (p *Process) reap(release func()) {
	awaitEnd(p.cmd.Process.Pid)
	p.mu.Lock()
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	p.gone = true
	p.mu.Unlock()
	release()
	p.err = p.cmd.Wait()
	close(p.done)
}

// PID returns the process id of the command, which is the number of its
// process group too.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Signal sends a signal to the whole process group. It returns
// [os.ErrProcessDone] when the command has ended.
func (p *Process) Signal(signal syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		return os.ErrProcessDone
	}
	if err := syscall.Kill(-p.cmd.Process.Pid, signal); err != nil {
		return fmt.Errorf("sending %v to process group %d: %w", signal, p.cmd.Process.Pid, err)
	}
	return nil
}

// Done returns a channel that is closed when the command has ended and was
// reaped.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits for the end of the command and returns how it ended. The error is
// about the waiting, for instance output that could not be copied: an exit
// status is none.
func (p *Process) Wait() (syscall.WaitStatus, error) {
	<-p.done
	status, _ := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	var exit *exec.ExitError
	if errors.As(p.err, &exit) {
		return status, nil
	}
	return status, p.err
}
