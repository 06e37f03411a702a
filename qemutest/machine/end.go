package machine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/qemutest/qmp"
)

const (
	// drainTime bounds how long the rest of consoles and monitor is read when
	// QEMU is gone but something else holds their other end.
	drainTime = 5 * time.Second

	// howEndedTime is how long the monitor waits for the end of the process
	// that explains its loss. The calls in flight wait with it.
	howEndedTime = 80 * time.Millisecond
)

// Done returns a channel that is closed when the machine has ended, its
// consoles are recorded to their end, and Exit knows how it ended.
func (m *Machine) Done() <-chan struct{} { return m.done }

// Exit returns how the machine ended, and whether it has.
func (m *Machine) Exit() (Exit, bool) {
	select {
	case <-m.done:
		return m.exit, true
	default:
		return Exit{}, false
	}
}

// Wait waits until the machine ends by itself, and returns how. It does nothing
// to end it. The error says that ctx ended first; how the machine ended is no
// error of Wait.
func (m *Machine) Wait(ctx context.Context) (Exit, error) {
	select {
	case <-m.done:
		return m.exit, nil
	case <-ctx.Done():
		if exit, ended := m.Exit(); ended { // both were, and select picks any
			return exit, nil
		}
		return Exit{}, fmt.Errorf("machine %s has not ended: %w", m.config.Name, context.Cause(ctx))
	}
}

// Shutdown ends the machine and returns how it ended: by QMP quit; if that does
// not help in time, by SIGTERM; if that does not help either, by SIGKILL. For
// the guest, all of them are a power cut. Each step has its limit in
// Config.Limits; when ctx ends, the machine is killed at once.
//
// A machine that has ended already is left alone; how it ended is returned. The
// error says that the machine could not be ended. How it ended is no error of
// Shutdown: see [Exit.Err].
func (m *Machine) Shutdown(ctx context.Context) (Exit, error) {
	limits := m.config.Limits
	if client := m.monitor.Load(); client != nil {
		if m.ended(ctx, "QMP quit", limits.Quit, m.quit) {
			return m.exit, nil
		}
	}
	if m.ended(ctx, "SIGTERM", limits.Terminate, func(context.Context) bool {
		m.signal(syscall.SIGTERM)
		return true
	}) {
		return m.exit, nil
	}
	exit := m.Kill()
	if exit.Kind == Running {
		return exit, m.notEnded()
	}
	return exit, nil
}

// ended takes a step to end the machine and reports whether it ended in time.
// ask returns false if the step cannot be taken.
func (m *Machine) ended(ctx context.Context, step string, limit time.Duration, ask func(context.Context) bool) bool {
	if _, ended := m.Exit(); ended {
		return true
	}
	if ctx.Err() != nil {
		return false
	}
	stepCtx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if !ask(stepCtx) {
		return false
	}
	select {
	case <-m.done:
		return true
	case <-stepCtx.Done():
	}
	if ctx.Err() != nil {
		m.missed(fmt.Sprintf("end on %s before the context ended (%v)", step, context.Cause(ctx)))
	} else {
		m.missed(fmt.Sprintf("end within %v of %s", limit, step))
	}
	return false
}

// quit asks over QMP. It returns false when the monitor cannot be asked.
func (m *Machine) quit(ctx context.Context) bool {
	m.mu.Lock()
	m.requests.quit = true
	m.mu.Unlock()
	_, err := m.monitor.Load().Execute(ctx, "quit", nil)
	// QEMU may close the monitor before its reply is out, or have done so
	// because it is about to end for another reason.
	return err == nil || errors.Is(err, qmp.ErrLost) || ctx.Err() != nil
}

// Kill ends the machine with SIGKILL and returns how it ended. Kind is Running
// if the process is still there after Limits.Kill, which takes a fault of the
// host. A machine that has ended already is left alone.
func (m *Machine) Kill() Exit {
	m.signal(syscall.SIGKILL)
	await(m.done, m.config.Limits.Kill)
	exit, _ := m.Exit()
	return exit
}

// Close ends the machine, as Kill does if it has not ended, and closes its
// consoles. They can be searched until then, also after the end of the machine.
func (m *Machine) Close() error {
	if exit := m.Kill(); exit.Kind == Running {
		return m.notEnded()
	}
	var errs []error
	for _, c := range m.consoles {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

func (m *Machine) notEnded() error {
	return fmt.Errorf("machine %s: process %d is still there %v after SIGKILL", m.config.Name, m.PID(), m.config.Limits.Kill)
}

// signal sends a signal to the process group. An error means that it is gone.
func (m *Machine) signal(signal syscall.Signal) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.process.Signal(signal) != nil {
		return
	}
	switch signal {
	case syscall.SIGTERM:
		m.requests.terminated = true
	case syscall.SIGKILL:
		m.requests.killed = true
	}
}

func (m *Machine) missed(what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests.missed = append(m.requests.missed, what)
}

// finish waits for the end of the process, reads what is left of its consoles
// and its monitor, and judges.
func (m *Machine) finish() {
	status, _ := m.process.Wait() // its error is about output that goes through us: none does
	client := m.monitor.Load()
	if client != nil {
		await(client.Done(), drainTime)
		_ = client.Close()
	}
	for _, c := range m.consoles {
		if !await(c.Done(), drainTime) {
			_ = c.Close()
		}
	}
	m.exit, m.reports = m.judge(status)
	m.tail = tail(m.output)
	m.closeFiles()
	close(m.done)
}

// judge comes to a verdict from what is known when the process has ended, and
// returns what QEMU reported, too.
func (m *Machine) judge(status syscall.WaitStatus) (Exit, []console.Report) {
	t := testimony{
		status: status, monitored: !m.config.NoMonitor,
		exitDoor:    hasExitDoor(m.argv),
		tripleFault: loggedTripleFault(m.logs.resets),
		oomKilled:   status.Signaled() && status.Signal() == syscall.SIGKILL && oomKills() > m.oomKills,
	}
	if client := m.monitor.Load(); client != nil {
		t.events = client.Events(0)
	}
	m.mu.Lock()
	t.requests = m.requests
	t.requests.missed = slices.Clone(m.requests.missed)
	expected := slices.Clone(m.expected)
	m.mu.Unlock()
	t.findings = examine(m.output, expected)
	return t.verdict(), t.findings.reports
}

// howEnded tells the monitor why its connection is gone.
func (m *Machine) howEnded() error {
	if !await(m.process.Done(), howEndedTime) {
		return nil
	}
	status, _ := m.process.Wait()
	exit, _ := m.judge(status)
	return &ExitError{Exit: exit}
}

// await waits until done is closed and reports whether that was within limit.
func await(done <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}
