package qemutest

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest/machine"
)

const (
	// evidenceTime is how long collecting the evidence of a failure may take,
	// with a host that is slow or a monitor that does not answer.
	evidenceTime = 2 * time.Second

	evidenceLines    = 20 // of each console
	evidenceMessages = 10 // of the monitor
)

// What of the evidence is in the output.
const (
	reportedNothing = iota
	reportedSubtest // that of a subtest that failed: what fails next needs its own
	reportedAll
)

// reportEvidence adds to the output of a failed test or subtest what tells why:
// for each machine, whether it runs and what its guest does, the last lines of
// its consoles, the last traffic of its monitor, and its command line; and what
// the programs beside them wrote.
func (q *Test) reportEvidence(t *testing.T) {
	t.Helper()
	q.reported.Store(reportedAll)
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
			t.Log(report)
			q.logf("%s", report)
		}
	}
}

// evidence describes the machine for the report of a failure.
func (vm *VM) evidence() string {
	ctx, cancel := vm.test.deadline.closing(evidenceTime, evidenceShare)
	defer cancel()
	var b strings.Builder
	m := vm.machine
	traffic := vm.recentTraffic()
	if client := m.QMP(); client != nil && client.Err() != nil {
		vm.awaitEnd()
	}
	if exit, ended := m.Exit(); ended {
		fmt.Fprintf(&b, "machine %q has ended: %s\n", vm.Name(), exit)
	} else {
		fmt.Fprintf(&b, "machine %q is running (%s, process %d)\n", vm.Name(), filepath.Base(vm.config.Binary), m.PID())
		diagnosis := vm.diagnose(ctx)
		traffic = diagnosis.traffic
		fmt.Fprintf(&b, "%s\ndetails: %s\n", diagnosis.found, strings.Join(diagnosis.files, " "))
		b.WriteString(vm.describeDisplay(ctx, diagnosis.suffix))
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

func indent(text string) string {
	return "  " + strings.ReplaceAll(text, "\n", "\n  ")
}
