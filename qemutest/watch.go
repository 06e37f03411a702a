package qemutest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/console/rules"
)

// ExpectReport says that reports of these kinds, such as [rules.KernelPanic],
// are what the test wants to see: they do not fail it. All consoles of a
// machine, and what QEMU itself writes, are always watched for the reports of
// package rules. Reports of QEMU, such as [rules.Assertion], are expected
// together with the end that they explain.
func (vm *VM) ExpectReport(kinds ...console.Kind) *VM {
	vm.expectedReports = append(vm.expectedReports, kinds...)
	vm.config.Expected = append(vm.config.Expected, kinds...)
	if vm.machine != nil {
		vm.machine.Expect(kinds...)
		for _, port := range vm.ports {
			vm.machine.Console(port.Index).Expect(kinds...)
		}
	}
	return vm
}

// ExpectConsole is [VM.ExpectReport] for the kind of report that text is the
// start of, such as "Kernel panic - not syncing".
func (vm *VM) ExpectConsole(text string) *VM {
	vm.test.t.Helper()
	reports, err := console.Examine(strings.NewReader(text), rules.Guests())
	if err != nil || len(reports) == 0 {
		vm.test.t.Fatalf("machine %q: the text %q would not fail a test: there is nothing to expect", vm.Name(), text)
	}
	for _, report := range reports {
		vm.ExpectReport(report.Kind)
	}
	return vm
}

// watchConsoles has the consoles that are about to be launched watched.
func (vm *VM) watchConsoles() {
	for i := range vm.config.Consoles {
		port := &vm.config.Consoles[i]
		// Those of the test go first: of several rules that begin at the same
		// place, the first one makes the report.
		port.Options.Watch = slices.Concat(port.Options.Watch, rules.Guests())
		for j, rule := range port.Options.Watch {
			if slices.Contains(vm.expectedReports, rule.Kind) {
				port.Options.Watch[j].Noted = true
			}
		}
		reported := port.Options.Reported
		port.Options.Reported = func(r console.Report) {
			vm.test.logf("%s: console %d: %s", vm.Name(), port.Index, describeReport(r))
			if reported != nil {
				reported(r)
			}
		}
	}
}

// logReports notes what QEMU itself reported, once it has ended.
func (vm *VM) logReports() {
	for _, report := range vm.machine.Reports() {
		vm.test.logf("%s: QEMU: %s", vm.Name(), describeReport(report))
	}
}

// describeReport returns a report as it stands in the logs and in the evidence
// of a failure.
func describeReport(r console.Report) string {
	verb := "failed with"
	if r.Noted {
		verb = "noted"
	}
	text := strings.ReplaceAll(strings.TrimRight(r.Text, "\r\n"), "\r", "")
	if !strings.Contains(text, "\n") {
		return fmt.Sprintf("%s %s", verb, r)
	}
	return fmt.Sprintf("%s %s\n%s", verb, r.Kind, indent(text))
}
