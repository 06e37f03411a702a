//go:build linux

package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"github.com/qemutest/functional/qemutest/guest/internal/wire"
	"golang.org/x/sys/unix"
)

// errTimeLimit is the cause when a command took too long.
var errTimeLimit = errors.New("the time limit has passed")

// run runs a command in a process group of its own.
func (s *server) run(st *stream, r *wire.RunRequest) (*wire.RunResult, error) {
	if r == nil || r.Func == "" && len(r.Args) == 0 {
		return nil, errors.New("expected a command, it is empty")
	}
	ctx := st.ctx
	if r.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, r.Timeout, errTimeLimit)
		defer cancel()
	}
	cmd := command(ctx, r)
	outputs, err := connect(cmd, st, r.Merged)
	if err != nil {
		return nil, err
	}
	if r.Stdin {
		stdin, err := cmd.StdinPipe()
		if err != nil {
			return nil, err
		}
		defer stdin.Close()
		go func() {
			_, _ = io.Copy(stdin, st.in) // the command need not read it
			_ = stdin.Close()
		}()
	}
	err = s.children.start(cmd)
	for _, o := range outputs {
		_ = o.input.Close()
	}
	if err != nil {
		return nil, err
	}
	err = s.children.wait(cmd)
	for _, o := range outputs {
		o.end()
	}
	for _, o := range outputs {
		<-o.done
	}
	if cmd.ProcessState == nil {
		return nil, fmt.Errorf("waiting for the command: %w", err)
	}
	return result(cmd.ProcessState, context.Cause(ctx) == errTimeLimit && !cmd.ProcessState.Exited()), nil
}

// connect gives a command its outputs.
func connect(cmd *exec.Cmd, st *stream, merged bool) ([]*outflow, error) {
	stdout, err := newOutflow(st.out)
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = stdout.input, stdout.input
	if merged {
		return []*outflow{stdout}, nil
	}
	stderr, err := newOutflow(st.err)
	if err != nil {
		_ = stdout.input.Close()
		return nil, err
	}
	cmd.Stderr = stderr.input
	return []*outflow{stdout, stderr}, nil
}

// command makes the command, whose end by ctx takes its process group along.
func command(ctx context.Context, r *wire.RunRequest) *exec.Cmd {
	name, args := "", r.Args
	if r.Func != "" {
		name = "/proc/self/exe"
	} else {
		name, args = args[0], args[1:]
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = r.Dir
	cmd.Env = append(os.Environ(), r.Env...)
	if r.Func != "" {
		cmd.Env = append(cmd.Env, functionVariable+"="+r.Func)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		if err := unix.Kill(-cmd.Process.Pid, unix.SIGKILL); err != unix.ESRCH {
			return err
		}
		return os.ErrProcessDone
	}
	return cmd
}

// result describes a process that has ended.
func result(state *os.ProcessState, timedOut bool) *wire.RunResult {
	r := &wire.RunResult{
		Status:   state.ExitCode(),
		TimedOut: timedOut,
		User:     state.UserTime(),
		System:   state.SystemTime(),
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		r.Signal = unix.SignalName(status.Signal())
	}
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		r.MaxRSS = int64(usage.Maxrss) << 10
	}
	return r
}
