package qemutest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/qemutest/gdb"
	"github.com/qemutest/functional/qemutest/hang"
	"github.com/qemutest/functional/qemutest/internal/timescale"
	"github.com/qemutest/functional/qemutest/machine"
)

// VM is one machine of a test. It is described first, with its arguments and
// the Set methods; [VM.Launch] starts it; it is shut down when the test ends.
//
// The methods of its Console, the one that the test waits on, can be called on
// the VM itself: vm.WaitFor("login:").
type VM struct {
	// Console is the console that the test waits on: the first serial port,
	// unless SetConsole chose another one.
	*Console

	test     *Test
	config   machine.Config
	ports    []machine.Port // connected consoles
	machine  *machine.Machine
	debugger *gdb.Client
	guest    *Guest // nil without EnableGuest
	events   eventCursor
	tried    bool // to launch it
	seen     bool // the test looked at how the machine ended

	screenshots int // taken so far
	diagnosis   atomic.Pointer[diagnosis]
	baseline    atomic.Pointer[hang.Baseline] // of the wait
	diagnoses   atomic.Int32                  // made so far

	expected        []machine.Kind // ends that are no failure
	expectedReports []console.Kind // reports that are no failure
}

// VM returns the description of a machine with these arguments, which follow
// the base arguments of every machine: no display, a monitor, the machine type
// and CPU model that the test requires, and the first serial port. The first
// machine of a test is named "default", which is what its logs are called.
func (q *Test) VM(args ...string) *VM {
	q.t.Helper()
	name := "default"
	if n := len(q.machines()); n > 0 {
		name = fmt.Sprintf("vm%d", n+1)
	}
	return q.NamedVM(name, args...)
}

// NamedVM is [Test.VM] for tests with several machines, whose logs and
// evidence are told apart by their names.
func (q *Test) NamedVM(name string, args ...string) *VM {
	q.t.Helper()
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, vm := range q.vms {
		if vm.config.Name == name {
			q.t.Fatalf("the test has a machine named %q already", name)
		}
	}
	vm := &VM{
		test: q,
		config: machine.Config{
			Binary:  q.emulator,
			Name:    name,
			Machine: q.settings.machine,
			CPU:     q.settings.cpu,
			Args:    slices.Clone(args),
			LogDir:  q.logDir,
			Limits:  q.scaledLimits(machine.Limits{}),
		},
		ports: []machine.Port{{}},
	}
	vm.Console = &Console{vm: vm}
	q.vms = append(q.vms, vm)
	return vm
}

// Name returns the name of the machine.
func (vm *VM) Name() string { return vm.config.Name }

// AddArgs adds arguments for QEMU after those given before.
func (vm *VM) AddArgs(args ...string) *VM {
	vm.describe()
	vm.config.Args = append(vm.config.Args, args...)
	return vm
}

// SetMachine sets the machine type (-machine), with its options, for a machine
// that differs from what the test requires. "" passes none.
func (vm *VM) SetMachine(machineType string) *VM {
	vm.describe()
	vm.config.Machine = machineType
	return vm
}

// SetCPU sets the CPU model (-cpu), with its features. "" passes none.
func (vm *VM) SetCPU(model string) *VM {
	vm.describe()
	vm.config.CPU = model
	return vm
}

// SetConsole makes the test wait on the serial port with this index, counted
// from 0, instead of the first one. The ports before it are connected to
// nothing, but for those of [VM.AddConsole].
func (vm *VM) SetConsole(index int) *VM {
	vm.describe()
	vm.replaceConsole(machine.Port{Index: index})
	return vm
}

// AddConsole connects one more serial port, to be used with [VM.Serial].
func (vm *VM) AddConsole(index int) *VM {
	vm.describe()
	vm.ports = append(vm.ports, machine.Port{Index: index})
	return vm
}

// SetConsoleDevice connects the console to a device of this type, such as
// "virtconsole", instead of a serial port of the board.
func (vm *VM) SetConsoleDevice(device string) *VM {
	vm.describe()
	vm.replaceConsole(machine.Port{Device: device})
	return vm
}

// replaceConsole makes port the console that the test waits on, in place of the
// one that it was. What was said of how to use that one stays.
func (vm *VM) replaceConsole(port machine.Port) {
	if i := vm.portIndex(vm.Console.index); i >= 0 {
		port.Options = vm.ports[i].Options
		vm.ports = slices.Delete(vm.ports, i, i+1)
	}
	if i := vm.portIndex(port.Index); i >= 0 { // of AddConsole
		port.Options = vm.ports[i].Options
		vm.ports = slices.Delete(vm.ports, i, i+1)
	}
	vm.ports = slices.Insert(vm.ports, 0, port)
	vm.Console.index = port.Index
}

// portIndex returns the place in vm.ports of the console with this index, -1
// if it is not connected.
func (vm *VM) portIndex(index int) int {
	return slices.IndexFunc(vm.ports, func(p machine.Port) bool { return p.Index == index })
}

// NoConsole leaves the serial ports alone.
func (vm *VM) NoConsole() *VM {
	vm.describe()
	vm.ports = nil
	return vm
}

// NoMonitor starts the machine without a QMP monitor.
func (vm *VM) NoMonitor() *VM {
	vm.describe()
	vm.config.NoMonitor = true
	return vm
}

// SetWrapper runs QEMU under another command: valgrind, strace, gdbserver.
func (vm *VM) SetWrapper(command ...string) *VM {
	vm.describe()
	vm.config.Wrapper = command
	return vm
}

// SetEnv adds variables, each NAME=value, to the environment of QEMU and its
// wrapper, such as "ASAN_OPTIONS=detect_leaks=0".
func (vm *VM) SetEnv(variables ...string) *VM {
	vm.describe()
	vm.config.Env = append(vm.config.Env, variables...)
	return vm
}

// SetLimits bounds how long QEMU may take to start and to end, for a wrapper or
// a build that makes it slow; 0 stands for the default of each. They count
// within the time of the test. QEMU_TEST_TIMEOUT_SCALE multiplies them where it
// is above 1.
func (vm *VM) SetLimits(limits machine.Limits) *VM {
	vm.test.t.Helper()
	vm.describe()
	vm.config.Limits = vm.test.scaledLimits(limits)
	return vm
}

// scaledLimits returns the limits of a machine for this host.
func (q *Test) scaledLimits(limits machine.Limits) machine.Limits {
	q.t.Helper()
	factor, err := timescale.Longer()
	if err != nil {
		q.t.Fatal(err)
	}
	return limits.Scaled(factor)
}

// shutdownLimit bounds the end of a machine whose own limits fail.
func (vm *VM) shutdownLimit() time.Duration {
	limits := vm.config.Limits
	return 2 * (limits.Quit + limits.Terminate + limits.Kill)
}

// describe guards the methods that have no effect on a running machine.
func (vm *VM) describe() {
	vm.test.t.Helper()
	if vm.machine != nil {
		vm.test.t.Fatalf("machine %q was launched already: describe it before", vm.Name())
	}
}

// Launch starts the machine and returns when its monitor answers. A failure to
// start ends the test.
func (vm *VM) Launch() {
	vm.test.t.Helper()
	if err := vm.TryLaunch(); err != nil {
		vm.test.t.Fatal(err)
	}
}

// TryLaunch is [VM.Launch] for tests that examine the failure to start, a
// [*machine.LaunchError] with what QEMU wrote and how it ended. It may be called
// from other goroutines than the test's, to launch several machines at once;
// when the test ends meanwhile, the launch gives up.
func (vm *VM) TryLaunch() error {
	vm.test.t.Helper()
	vm.describe()
	vm.config.Consoles = slices.Clone(vm.ports)
	vm.config.NoConsole = len(vm.ports) == 0
	vm.watchConsoles()
	vm.tried = true
	vm.test.steps.add(vm.Name() + ": launching")
	if vm.guest != nil {
		vm.guest.prepare(&vm.config)
	}
	config := vm.config
	hold, err := vm.holdArgs()
	if err != nil {
		return err
	}
	config.Args = slices.Concat(hold, config.Args)
	ctx, done, err := vm.test.launches.begin(vm.test.ctx)
	if err != nil {
		return fmt.Errorf("machine %q is not launched: %w", vm.Name(), err)
	}
	defer done()
	start := time.Now()
	m, err := machine.Launch(ctx, config)
	if err != nil {
		if comma := vm.test.commaIn(config.Args); comma != "" {
			err = fmt.Errorf("%w\n%s", err, comma)
		}
		vm.step("%v", err)
		return err
	}
	vm.machine = m
	if vm.guest != nil {
		vm.guest.connect()
	}
	setAttr(vm.test.t, "qemu.accel", accelerator(m.Argv()))
	vm.test.logf("%s: launched in %v: %s", vm.Name(), time.Since(start).Round(time.Microsecond), machine.Quote(m.Argv()))
	return nil
}

// Machine returns the running machine underneath, for what this package has no
// method for.
func (vm *VM) Machine() *machine.Machine {
	vm.test.t.Helper()
	if vm.machine == nil {
		vm.test.t.Fatalf("machine %q is not launched: call Launch first", vm.Name())
	}
	return vm.machine
}

// WaitForExit waits until QEMU ends by itself, and returns how it ended. It
// fails the test when the machine does not end in time, or by a signal or a
// sanitizer's report; whether another end is right, the test decides.
func (vm *VM) WaitForExit() machine.Exit {
	vm.test.t.Helper()
	m := vm.Machine()
	defer vm.waiting()()
	exit, err := m.Wait(vm.test.ctx)
	if err != nil {
		vm.fail(fmt.Errorf("waiting for it to end: %w", err))
	}
	vm.seen = true
	vm.test.logf("%s: ended by itself: %s", vm.Name(), exit)
	if exit.Died() && !vm.expects(exit) {
		vm.test.t.Fatalf("machine %q: %s", vm.Name(), exit)
	}
	return exit
}

// Shutdown ends the machine now, as the end of the test does, and returns how
// it ended. It fails the test when QEMU did not end well.
func (vm *VM) Shutdown() machine.Exit {
	vm.test.t.Helper()
	exit, err := vm.Machine().Shutdown(vm.test.ctx)
	if err != nil {
		vm.fail(fmt.Errorf("shutting it down: %w", err))
	}
	vm.test.logf("%s: shut down: %s", vm.Name(), exit)
	vm.seen = true
	return exit
}

// Kill ends the machine at once.
func (vm *VM) Kill() machine.Exit {
	vm.test.t.Helper()
	exit := vm.Machine().Kill()
	vm.test.logf("%s: killed", vm.Name())
	return exit
}

// ExpectExit says that ends of these kinds are what the test wants, such as
// [machine.GuestPanic]: they do not fail it.
func (vm *VM) ExpectExit(kinds ...machine.Kind) *VM {
	vm.expected = append(vm.expected, kinds...)
	return vm
}

func (vm *VM) expects(exit machine.Exit) bool {
	return exit.Expected || slices.Contains(vm.expected, exit.Kind)
}

// Output returns what QEMU itself wrote: its standard output and error.
func (vm *VM) Output() string {
	vm.test.t.Helper()
	return vm.Machine().Output()
}

// kill ends the machine when the time of the test is over and the test does
// not react.
func (vm *VM) kill() {
	if vm.machine != nil {
		vm.machine.Kill()
	}
}

// finish ends the machine at the end of the test.
func (vm *VM) finish() {
	if vm.machine == nil {
		return
	}
	ctx, cancel := vm.test.deadline.closing(vm.shutdownLimit(), shutdownShare)
	defer cancel()
	exit, err := vm.machine.Shutdown(ctx)
	if err != nil {
		vm.test.t.Errorf("shutting down machine %q: %v", vm.Name(), err)
	}
	vm.logReports()
	vm.test.logf("%s: %s", vm.Name(), exit)
}

// close gives up what is kept for looks at a machine after its end.
func (vm *VM) close() {
	if vm.machine == nil {
		return
	}
	if err := vm.machine.Close(); err != nil {
		vm.test.logf("%s: closing it: %v", vm.Name(), err)
	}
}

// judge fails the test for what nobody looked at: a failure text on a console,
// or a machine that ended in a way that it should not have.
func (vm *VM) judge() {
	if vm.machine == nil {
		return
	}
	for _, port := range vm.ports {
		if err := vm.machine.Console(port.Index).Failure(); err != nil && !vm.test.t.Failed() {
			vm.test.t.Errorf("machine %q: %v", vm.Name(), err)
		}
	}
	exit, ended := vm.machine.Exit()
	if !ended || vm.expects(exit) || exit.Err() == nil {
		return
	}
	if vm.seen && !exit.Died() {
		return
	}
	vm.test.t.Errorf("machine %q: %s", vm.Name(), exit)
}

// awaitEnd returns how the machine ended, once it is known that it is about to
// end: its sockets are closed.
func (vm *VM) awaitEnd() (machine.Exit, bool) {
	ctx, cancel := vm.test.deadline.closing(evidenceTime, evidenceShare)
	defer cancel()
	exit, err := vm.machine.Wait(ctx)
	return exit, err == nil
}

// fail ends the test because of err. What a failed wait tells of the console
// is left to the evidence, which follows at the end of the test.
func (vm *VM) fail(err error) {
	vm.test.t.Helper()
	vm.step("%v", err)
	vm.test.reported.CompareAndSwap(reportedSubtest, reportedNothing)
	var wait *console.WaitError
	if !errors.As(err, &wait) {
		vm.test.t.Fatalf("machine %q: %v%s", vm.Name(), err, vm.explain(err))
	}
	text := wait.Summary()
	if errors.Is(err, console.ErrClosed) {
		if exit, ended := vm.awaitEnd(); ended {
			text += ": " + exit.String()
		}
	}
	if wait.Report != nil {
		text += "\nthe guest reported:\n" + indent(strings.TrimRight(strings.ReplaceAll(wait.Report.Text, "\r", ""), "\n"))
	}
	if wait.Hint != "" {
		text += "\n" + wait.Hint
	}
	if wait.Nearest != "" {
		text += fmt.Sprintf("\nnearest line seen: %q", wait.Nearest)
	}
	vm.test.t.Fatalf("machine %q: %s%s", vm.Name(), text, vm.explain(err))
}
