package qemutest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/qemutest/functional/qemutest/machine"
)

// findEmulator finds the emulator under test and asks it what it can do.
func (q *Test) findEmulator(ctx context.Context) error {
	var err error
	if q.settings.userMode {
		q.emulator, err = lookUserEmulator("qemu-" + q.target)
		return err
	}
	if q.emulator, err = lookEmulator("qemu-system-" + q.target); err != nil {
		return err
	}
	if q.capabilities, err = machine.Probe(ctx, q.emulator); err != nil {
		return err
	}
	if got := q.capabilities.Target; got != q.target {
		return Skipf(KindEmulator, "%s emulates %s, this test is for %s", q.emulator, got, q.target)
	}
	return nil
}

// lookEmulator returns the path of a system emulator: the one that
// QEMU_TEST_QEMU_BINARY names; else from the build tree in QEMU_TEST_BUILD_DIR;
// else from PATH. Which target the named one has, it is asked itself, because
// distributions rename them.
func lookEmulator(name string) (string, error) {
	path, err := namedProgram("QEMU_TEST_QEMU_BINARY", "an emulator")
	if err != nil {
		return "", err
	}
	if path == "" {
		return lookTool(name)
	}
	base := filepath.Base(path)
	if strings.HasPrefix(base, "qemu-") && !strings.HasPrefix(base, "qemu-system-") && base != "qemu-kvm" {
		return "", Skipf(KindEmulator, "needs %s, QEMU_TEST_QEMU_BINARY is %s", name, path)
	}
	return path, nil
}

// lookUserEmulator is lookEmulator for a user-mode emulator, which distributions
// that link it statically may call so. Its name alone tells what it is.
func lookUserEmulator(name string) (string, error) {
	static := name + "-static"
	path, err := namedProgram("QEMU_TEST_QEMU_BINARY", "an emulator")
	if err != nil {
		return "", err
	}
	if path != "" {
		if base := filepath.Base(path); base != name && base != static {
			return "", Skipf(KindEmulator, "needs %s, QEMU_TEST_QEMU_BINARY is %s", name, path)
		}
		return path, nil
	}
	path, err = lookTool(name)
	if err != nil {
		if other, otherErr := lookTool(static); otherErr == nil {
			return other, nil
		}
	}
	return path, err
}

// namedProgram returns the path of the program that an environment variable
// names, "" if it names none. what says what it should be.
func namedProgram(variable, what string) (string, error) {
	path := os.Getenv(variable)
	if path == "" {
		return "", nil
	}
	path, err := fromModuleRoot(path)
	if err == nil {
		_, err = exec.LookPath(path)
	}
	if err != nil {
		return "", fmt.Errorf("%s: expected the path of %s, absolute or from the root of the module; "+
			"correct it, or unset it to take the one in PATH: %w", variable, what, err)
	}
	return path, nil
}

// lookTool returns the path of a program that belongs to QEMU, from the build
// tree in QEMU_TEST_BUILD_DIR or else from PATH; qemu-img is the one that
// QEMU_TEST_QEMU_IMG names, if it is set.
func lookTool(name string) (string, error) {
	if name == "qemu-img" {
		if path, err := namedProgram("QEMU_TEST_QEMU_IMG", "qemu-img"); path != "" || err != nil {
			return path, err
		}
	}
	dir, err := buildDir()
	if err != nil {
		return "", err
	}
	if dir != "" {
		path, err := exec.LookPath(filepath.Join(dir, name))
		if err != nil {
			return "", Skipf(KindEmulator, "%s is not in the QEMU build tree %s: build it there, or unset QEMU_TEST_BUILD_DIR", name, dir)
		}
		return path, nil
	}
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrDot) {
		return filepath.Abs(path)
	}
	if err != nil {
		return "", Skipf(KindEmulator, "%s is not in PATH: install it, or set QEMU_TEST_BUILD_DIR to a QEMU build tree", name)
	}
	return path, nil
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
