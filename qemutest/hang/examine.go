package hang

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"time"

	"github.com/qemutest/functional/qemutest/machine"
	"github.com/qemutest/functional/qemutest/qmp"
)

const (
	// Limit is the longest time that an examination takes.
	Limit = 2 * time.Second

	// answerTime is how long the monitor may take for the run state. The main
	// loop of a QEMU that works answers in milliseconds.
	answerTime = time.Second

	looks    = 5                     // at the registers
	interval = 60 * time.Millisecond // between two looks
)

// Examine finds out why a machine does not get on. It works on every machine,
// also one that has ended or does not react, and never takes longer than
// [Limit]; less if ctx ends.
func Examine(ctx context.Context, m *machine.Machine) Diagnosis {
	return ExamineSince(ctx, m, Baseline{})
}

// ExamineSince is [Examine] for a wait that began at the baseline: whether the
// host is to blame is judged by the time from there on.
func ExamineSince(ctx context.Context, m *machine.Machine, start Baseline) Diagnosis {
	ctx, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	d := Diagnosis{Load: Load{Processors: runtime.NumCPU(), Average: loadAverage()}}
	process := observe(ctx, m.PID())
	if client := m.QMP(); client != nil {
		d.ask(ctx, client, process)
	} else {
		d.NoMonitor = true
		for range looks {
			pause(ctx, interval)
			process.look(ctx)
		}
	}
	process.look(ctx)
	d.Process = process.process()
	d.Wait = start.since(d.Process, time.Now())
	d.end(ctx, m)
	d.ended = time.Now()
	d.Kind = d.classify()
	return d
}

// ask asks the monitor.
func (d *Diagnosis) ask(ctx context.Context, client *qmp.Client, process *observation) {
	d.Pending = client.Pending()
	answer, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	status, err := qmp.Call[struct {
		Status string `json:"status"`
	}](answer, client, "query-status", nil)
	if err != nil {
		d.Silence = silence(err)
		return
	}
	d.RunState = status.Status
	if d.RunState != "running" {
		d.Cause = cause(client.Events(0), d.RunState)
	}
	threads, err := qmp.Call[[]struct {
		Index  int `json:"cpu-index"`
		Thread int `json:"thread-id"`
	}](ctx, client, "query-cpus-fast", nil)
	if err != nil {
		d.Silence = silence(err)
		return
	}
	for _, cpu := range threads {
		d.CPUs = append(d.CPUs, CPU{Index: cpu.Index, Thread: cpu.Thread})
	}
	d.look(ctx, client, process)
}

// look looks at the registers, and at the process.
func (d *Diagnosis) look(ctx context.Context, client *qmp.Client, process *observation) {
	for i := range looks {
		if i > 0 {
			pause(ctx, interval)
		}
		process.look(ctx)
		registers, err := client.HMP(ctx, "info registers -a")
		if err != nil {
			if i == 0 { // else it is only slow
				d.Silence = silence(err)
			}
			return
		}
		d.Registers = append(d.Registers, registers)
		see(d.CPUs, registers)
	}
}

// silence returns an error if it means that the monitor did not answer, and nil
// if it answered that it does not know.
func silence(err error) error {
	var refused *qmp.Error
	var complaint *qmp.HMPError
	if errors.As(err, &refused) || errors.As(err, &complaint) {
		return nil
	}
	return err
}

// end takes down how QEMU ended, if it has. The loss of the monitor announces
// the end of the process.
func (d *Diagnosis) end(ctx context.Context, m *machine.Machine) {
	if errors.Is(d.Silence, qmp.ErrLost) {
		if exit, err := m.Wait(ctx); err == nil {
			d.Exit = exit
		}
		return
	}
	if exit, ended := m.Exit(); ended {
		d.Exit = exit
	}
}

// causes are the events that explain a run state. For others it is STOP.
var causes = map[string]string{
	"io-error":       "BLOCK_IO_ERROR",
	"watchdog":       "WATCHDOG",
	"guest-panicked": "GUEST_PANICKED",
	"shutdown":       "SHUTDOWN",
	"suspended":      "SUSPEND",
}

// cause returns the last event that explains a run state, nil if there is none.
func cause(events []qmp.Event, runState string) *qmp.Event {
	name, known := causes[runState]
	if !known {
		name = "STOP"
	}
	for _, event := range slices.Backward(events) {
		if event.Name == name {
			return &event
		}
	}
	return nil
}

// pause lets time pass between two looks.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
