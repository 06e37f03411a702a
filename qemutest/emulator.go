package qemutest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/qemutest/functional/qemutest/internal/emulator"
	"github.com/qemutest/functional/qemutest/machine"
)

// findEmulator finds the emulator under test and asks it what it can do.
func (q *Test) findEmulator(ctx context.Context) error {
	var err error
	if q.settings.userMode {
		q.emulator, err = emulator.User(q.target)
	} else {
		q.emulator, q.capabilities, err = emulator.Find(ctx, q.target)
	}
	return skipMissing(err)
}

// skipMissing turns the lack of an emulator or tool into a skip.
func skipMissing(err error) error {
	var missing *emulator.Missing
	if errors.As(err, &missing) {
		return Skipf(KindEmulator, "%s", missing.Reason)
	}
	return err
}

// Machine requires a machine type, by its exact name or an alias, and makes
// every machine of the test one (-machine). Options may follow a comma.
func Machine(machineType string) Requirement {
	name, _, _ := strings.Cut(machineType, ",")
	return &requirement{
		name:      "machine " + machineType,
		stage:     StageEmulator,
		configure: func(s *settings) { s.machine = machineType },
		check: func(_ context.Context, q *Test) error {
			if !q.capabilities.HasMachine(name) {
				return Skipf(KindMachine, "%s has no machine %s", q.emulatorName(), name)
			}
			return nil
		},
	}
}

// CPU requires a CPU model, by its exact name, and gives it to every machine of
// the test (-cpu). Features may follow a comma. Targets that do not tell their
// models over QMP are believed to have it.
func CPU(model string) Requirement {
	name, _, _ := strings.Cut(model, ",")
	return &requirement{
		name:      "cpu " + model,
		stage:     StageEmulator,
		configure: func(s *settings) { s.cpu = model },
		check: func(_ context.Context, q *Test) error {
			if len(q.capabilities.CPUs) > 0 && !q.capabilities.HasCPU(name) {
				return Skipf(KindCPU, "%s has no CPU model %s", q.emulatorName(), name)
			}
			return nil
		},
	}
}

// Accel requires an accelerator that works on this host for the target: tcg,
// kvm, hvf, xen and so on. It does not choose it: the test's arguments do, with
// -accel.
func Accel(name string) Requirement {
	return &requirement{
		name:  "accel " + name,
		stage: StageEmulator,
		check: func(_ context.Context, q *Test) error {
			if !q.capabilities.HasAccel(name) {
				return Skipf(Kind(name), "%s has no accelerator %s", q.emulatorName(), name)
			}
			if name != "kvm" {
				return nil
			}
			if err := machine.UsableKVM(q.target); err != nil {
				return Skipf(Kind(name), "KVM cannot be used: %v", err)
			}
			return nil
		},
	}
}

// Device requires a device model that -device takes, by its exact name.
func Device(name string) Requirement {
	return &requirement{
		name:  "device " + name,
		stage: StageEmulator,
		check: func(_ context.Context, q *Test) error {
			if !q.capabilities.HasDevice(name) {
				return Skipf(KindDevice, "%s has no device %s", q.emulatorName(), name)
			}
			return nil
		},
	}
}

// Netdev requires a network back end that -netdev takes: user, tap, socket.
func Netdev(name string) Requirement {
	return &requirement{
		name:  "netdev " + name,
		stage: StageEmulator,
		check: func(_ context.Context, q *Test) error {
			if !q.capabilities.HasNetdev(name) {
				return Skipf(KindNetdev, "%s was built without -netdev %s", q.emulatorName(), name)
			}
			return nil
		},
	}
}

// accelerator returns the accelerator that a command line asks for, as the value
// of -machine accel has it: of several, such as "kvm:tcg", QEMU takes the first
// one that works. Without a word of it QEMU takes TCG.
func accelerator(argv []string) string {
	var names []string
	for i, arg := range argv {
		value := ""
		if i+1 < len(argv) {
			value = argv[i+1]
		}
		switch strings.Replace(arg, "--", "-", 1) {
		case "-accel":
			name, _, _ := strings.Cut(value, ",")
			names = append(names, name)
		case "-machine", "-M":
			for option := range strings.SplitSeq(value, ",") {
				if name, ok := strings.CutPrefix(option, "accel="); ok {
					names = append(names, name)
				}
			}
		case "-enable-kvm":
			names = append(names, "kvm")
		}
	}
	return cmp.Or(strings.Join(names, ":"), "tcg")
}

// emulatorName names the emulator and its version in a sentence.
func (q *Test) emulatorName() string {
	return fmt.Sprintf("%s %s", filepath.Base(q.emulator), q.capabilities.Version)
}

// MachineTypes returns the names of the machine types that the emulator of a
// target lists, without aliases, for table tests with a subtest for each; each
// subtest calls [New]. It skips the test if there is no emulator, and with
// QEMU_TEST_PRECACHE, because it would have to run one.
func MachineTypes(t *testing.T, target string) []string {
	t.Helper()
	q := &Test{t: t, target: target, settings: newSettings(nil)}
	if envSet("QEMU_TEST_LIST") {
		q.list()
	}
	if envSet("QEMU_TEST_PRECACHE") {
		q.precache(t.Context())
	}
	dependOnHost()
	q.checkEnvironment()
	q.Check(q.findEmulator(t.Context()))
	var names []string
	for _, m := range q.capabilities.Machines {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	return names
}
