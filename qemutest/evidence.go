package qemutest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/qemutest/functional/qemutest/machine"
)

const (
	// evidenceTime is how long collecting the evidence of a failure may take,
	// when the monitor does not answer.
	evidenceTime = 2 * time.Second
	// shutdownTime bounds the end of a machine whose own limits fail.
	shutdownTime = time.Minute

	evidenceLines    = 20 // of each console
	evidenceMessages = 10 // of the monitor
)

// reportEvidence adds to the output of a failed test what tells why: for each
// machine, whether it runs and what its guest does, the last lines of its
// consoles, the last traffic of its monitor, and its command line; and what the
// programs beside them wrote.
func (q *Test) reportEvidence() {
	q.t.Helper()
	machines := q.machines()
	reports := make([]string, len(machines))
	var collected sync.WaitGroup
	for i, vm := range machines {
		if vm.machine != nil {
			collected.Go(func() { reports[i] = vm.evidence() })
		}
	}
	collected.Wait()
	reports = append(reports, q.processEvidence()...)
	for _, report := range reports {
		if report != "" {
			q.t.Log(report)
			q.logf("%s", report)
		}
	}
}

// evidence describes the machine for the report of a failure.
func (vm *VM) evidence() string {
	ctx, cancel := context.WithTimeout(context.Background(), evidenceTime)
	defer cancel()
	var b strings.Builder
	m := vm.machine
	traffic := "" // before this function adds to it
	if client := m.QMP(); client != nil {
		traffic = strings.TrimSpace(client.Recent(evidenceMessages))
	}
	if client := m.QMP(); client != nil && client.Err() != nil {
		vm.awaitEnd()
	}
	if exit, ended := m.Exit(); ended {
		fmt.Fprintf(&b, "machine %q has ended: %s\n", vm.Name(), exit)
	} else {
		fmt.Fprintf(&b, "machine %q is running (%s, process %d)\n", vm.Name(), filepath.Base(vm.config.Binary), m.PID())
		fmt.Fprintf(&b, "guest: %s\n", vm.guestState(ctx))
		b.WriteString(vm.describeDisplay(ctx))
	}
	for _, port := range vm.ports {
		lines := m.Console(port.Index).Tail(evidenceLines)
		fmt.Fprintf(&b, "console %d, last %d lines:\n", port.Index, len(lines))
		for _, line := range lines {
			fmt.Fprintf(&b, "  %s\n", line)
		}
	}
	b.WriteString(vm.notedReports())
	if output := strings.TrimSpace(m.Output()); output != "" {
		fmt.Fprintf(&b, "QEMU wrote:\n%s\n", indent(output))
	}
	if traffic != "" {
		fmt.Fprintf(&b, "QMP, last messages:\n%s\n", indent(traffic))
	}
	fmt.Fprintf(&b, "command line:\n  %s", machine.Quote(m.Argv()))
	return b.String()
}

// notedReports describes what the guest reported and what did not fail the
// test, but may well be why it failed.
func (vm *VM) notedReports() string {
	var b strings.Builder
	for _, port := range vm.ports {
		for _, report := range vm.machine.Console(port.Index).Reports() {
			if report.Noted {
				fmt.Fprintf(&b, "console %d, %s\n", port.Index, describeReport(report))
			}
		}
	}
	return b.String()
}

// guestState says in a sentence what the guest does: whether it runs, and
// where its CPUs are.
func (vm *VM) guestState(ctx context.Context) string {
	client := vm.machine.QMP()
	if client == nil {
		return "unknown, the machine has no monitor"
	}
	reply, err := client.Execute(ctx, "query-status", nil)
	if err != nil {
		return fmt.Sprintf("unknown, the monitor does not answer: %v", firstLine(err.Error()))
	}
	var status struct {
		Status  string `json:"status"`
		Running bool   `json:"running"`
	}
	if err := json.Unmarshal(reply, &status); err != nil {
		return fmt.Sprintf("unknown: %v", err)
	}
	if !status.Running {
		return fmt.Sprintf("stopped, run state %q", status.Status)
	}
	before, err := client.HMP(ctx, "info registers")
	if err != nil {
		return "running, registers cannot be read: " + firstLine(err.Error())
	}
	vm.saveRegisters(before)
	select {
	case <-time.After(sampleInterval):
	case <-ctx.Done():
	}
	after, err := client.HMP(ctx, "info registers")
	if err != nil {
		return "running, registers cannot be read a second time: " + firstLine(err.Error())
	}
	return "running, " + describeSamples(before, after)
}

// sampleInterval is the time between two looks at the registers of a guest.
const sampleInterval = 50 * time.Millisecond

// saveRegisters keeps the registers of all CPUs beside the logs.
func (vm *VM) saveRegisters(text string) {
	path := vm.test.Log(vm.logName("registers.txt"))
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		vm.test.logf("%s: saving the registers: %v", vm.Name(), err)
	}
}

// describeSamples compares two looks at the registers of the first CPU.
func describeSamples(before, after string) string {
	pc1, pc2 := programCounter(before), programCounter(after)
	switch {
	case pc1 == "" || pc2 == "":
		if before == after {
			return "but no register changes: the CPU is halted or loops in place"
		}
		return "registers change"
	case before == after:
		return fmt.Sprintf("but no register changes: the CPU is halted, or loops at pc %s", pc1)
	case pc1 == pc2:
		return fmt.Sprintf("seen twice at pc %s", pc1)
	default:
		return fmt.Sprintf("seen at pc %s and %s", pc1, pc2)
	}
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(text, "\n", "\n  ")
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
