package qemutest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/qemutest/hang"
)

// diagnosis is why a machine does not get on, found out once for each failure:
// at its moment.
type diagnosis struct {
	once    sync.Once
	suffix  string // of the files, so that those of an earlier failure stay
	found   hang.Diagnosis
	traffic string   // of the monitor, before it was asked
	files   []string // with what was found
}

// diagnose finds out why the machine does not get on, and keeps what it found
// beside the logs.
func (vm *VM) diagnose(ctx context.Context) *diagnosis {
	found := vm.diagnosis.Load()
	for found == nil {
		vm.diagnosis.CompareAndSwap(nil, new(diagnosis))
		found = vm.diagnosis.Load()
	}
	found.once.Do(func() {
		if n := vm.diagnoses.Add(1); n > 1 {
			found.suffix = fmt.Sprintf("-%d", n)
		}
		found.traffic = vm.recentTraffic()
		var start hang.Baseline
		if taken := vm.baseline.Load(); taken != nil {
			start = *taken
		}
		d := hang.ExamineSince(ctx, vm.machine, start)
		found.found = d
		found.save(vm, "diagnosis", d.Details())
		if n := len(d.Registers); n > 0 {
			found.save(vm, "registers", "At first:\n"+d.Registers[0]+"\nAt last:\n"+d.Registers[n-1])
		}
		if d.Silence == nil && !d.NoMonitor && d.Kind != hang.Gone {
			found.save(vm, "info", vm.info(ctx, d))
		}
	})
	return found
}

// baselineDelay is how long a wait takes at least to be worth a baseline: most
// take less.
const baselineDelay = time.Second

// waiting prepares the explanation of a wait that may fail: it notes soon what
// the host has kept from QEMU so far. done is to be called after the wait.
func (vm *VM) waiting() (done func()) {
	vm.baseline.Store(nil)
	pid := vm.machine.PID()
	timer := time.AfterFunc(baselineDelay, func() {
		start := hang.Look(vm.test.ctx, pid)
		vm.baseline.Store(&start)
	})
	return func() { timer.Stop() }
}

// forgetDiagnosis makes the next failure find out anew: the test goes on.
func (vm *VM) forgetDiagnosis() { vm.diagnosis.Store(nil) }

// save keeps a text beside the logs.
func (found *diagnosis) save(vm *VM, name, text string) {
	path := vm.test.Log(vm.logName(name + found.suffix + ".txt"))
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		vm.test.logf("%s: saving %s: %v", vm.Name(), name, err)
		return
	}
	found.files = append(found.files, path)
}

// recentTraffic returns the last messages of the monitor.
func (vm *VM) recentTraffic() string {
	client := vm.machine.QMP()
	if client == nil {
		return ""
	}
	return strings.TrimSpace(client.Recent(evidenceMessages))
}

// infos are commands of the human monitor whose output tells about the state of
// a machine, and that cost little.
var infos = []string{
	"info version", "info status", "info cpus", "info block", "info chardev",
	"info network", "info usernet", "info pci", "info usb", "info qtree", "info mtree -f",
}

// info returns the output of infos, and the code that the first CPU runs. A
// machine without PCI complains about "info pci", and that is its output then.
func (vm *VM) info(ctx context.Context, d hang.Diagnosis) string {
	lines := append(slices.Clone(infos), "x/8i $pc")
	if len(d.CPUs) > 0 && len(d.CPUs[0].PCs) > 0 {
		// Only some targets have a register with this name in the monitor, but
		// on x86 the number alone lacks the segment.
		lines = append(lines, fmt.Sprintf("x/8i %#x", d.CPUs[0].PCs[0]))
	}
	var b strings.Builder
	for _, line := range lines {
		text, err := vm.machine.QMP().HMP(ctx, line)
		if ctx.Err() != nil {
			fmt.Fprintf(&b, "(qemu) %s\n%v\n", line, err)
			break
		}
		fmt.Fprintf(&b, "(qemu) %s\n%s\n", line, text)
	}
	return b.String()
}

// timedOut reports whether an error is about time that is over, so that the
// state of the machine explains it.
func timedOut(err error) bool {
	for _, target := range []error{console.ErrTimeout, console.ErrIdle, context.DeadlineExceeded, errGoTestTimeout} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// explain returns what the state of the machine adds to a failure: a line, or
// "" if time has nothing to do with it.
func (vm *VM) explain(err error) string {
	if vm.machine == nil || !timedOut(err) {
		return ""
	}
	ctx, cancel := vm.test.deadline.closing(evidenceTime, evidenceShare)
	defer cancel()
	return "\n" + vm.diagnose(ctx).found.String()
}
