package machine

import (
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/console/rules"
	"github.com/qemutest/functional/qemutest/qmp"
)

// ending is what became of a machine.
type ending struct {
	kind   Kind
	status int
	signal syscall.Signal
	reason string
	text   string // of Exit.String
}

func (e ending) check(t *testing.T, got Exit) {
	t.Helper()
	assert.Equal(t, e, ending{got.Kind, got.Status, got.Signal, got.Reason, got.String()})
}

// What a guest can do to end a real QEMU.
func TestEndsByGuests(t *testing.T) {
	t.Parallel()
	const (
		off   = "guest-shutdown"
		again = "guest-reset"
		panic = "guest-panic"
	)
	for _, test := range []struct {
		name   string
		target string
		guest  func(*testing.T) []string
		args   []string
		want   ending
		mute   *ending // of QEMU up to 8.1, where it tells less
	}{
		{
			"power-off", "x86_64", boot(powerOff), nil,
			ending{GuestShutdown, 0, 0, off, "the guest powered off"}, nil,
		},
		{
			"reset with -no-reboot", "x86_64", boot(reset), []string{"-no-reboot"},
			ending{GuestReset, 0, 0, again, "the guest reset, which -no-reboot makes the end"}, nil,
		},
		{
			"triple fault", "x86_64", boot(tripleFault), []string{"-no-reboot"},
			ending{GuestTripleFault, 0, 0, again, "the guest reset by a triple fault, which -no-reboot makes the end"}, nil,
		},
		{
			"triple fault unseen", "x86_64", boot(tripleFault), []string{"-no-reboot", "-d", "guest_errors"},
			ending{GuestReset, 0, 0, again, "the guest reset, which -no-reboot makes the end"}, nil,
		},
		{
			"pvpanic", "x86_64", boot(panicked), []string{"-device", "pvpanic"},
			ending{GuestPanic, 0, 0, panic, "the guest panicked (QMP event GUEST_PANICKED)"}, nil,
		},
		{
			"isa-debug-exit", "x86_64", boot(exitSeven), []string{"-device", "isa-debug-exit"},
			ending{GuestExit, 7, 0, off, "the guest ended QEMU with exit status 7"},
			&ending{GuestExit, 7, 0, "", "the guest ended QEMU with exit status 7"},
		},
		{
			"sifive_test passes", "riscv64", firmware(sifivePass), nil,
			ending{GuestShutdown, 0, 0, off, "the guest powered off"},
			&ending{GuestExit, 0, 0, "", "the guest ended QEMU with exit status 0"},
		},
		{
			"sifive_test fails", "riscv64", firmware(sifiveFail), nil,
			ending{GuestExit, 7, 0, panic, "the guest ended QEMU with exit status 7"},
			&ending{GuestExit, 7, 0, "", "the guest ended QEMU with exit status 7"},
		},
		{
			"sifive_test resets", "riscv64", firmware(sifiveReset), []string{"-no-reboot"},
			ending{GuestReset, 0, 0, again, "the guest reset, which -no-reboot makes the end"}, nil,
		},
		{
			"semihosting exit 0", "aarch64", load(semihostingExit(0)), []string{"-semihosting"},
			ending{GuestExit, 0, 0, "", "the guest ended QEMU with exit status 0"}, nil,
		},
		{
			"semihosting exit 7", "aarch64", load(semihostingExit(7)), []string{"-semihosting"},
			ending{GuestExit, 7, 0, "", "the guest ended QEMU with exit status 7"}, nil,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			// Stopped at first: what ends before QMP is ready is not reported.
			m := launchReal(t, Config{
				Binary: requireEmulator(t, test.target),
				Args:   slices.Concat(test.guest(t), test.args, []string{"-S"}),
			})
			_, err := m.QMP().Execute(within(t, soon), "cont", nil)
			if err != nil {
				require.ErrorIs(t, err, qmp.ErrLost, "the reply may be lost, nothing else")
			}
			exit, err := m.Wait(within(t, soon))
			require.NoError(t, err)
			want := test.want
			if version := m.QMP().Version(); test.mute != nil && (version.Major < 8 || version.Major == 8 && version.Minor < 2) {
				want = *test.mute
			}
			want.check(t, exit)
			assert.Equal(t, exit.Kind == GuestPanic || exit.Status != 0, exit.Err() != nil)
			assert.False(t, exit.Died(), "the guest did it")
		})
	}
}

func boot(code []byte) func(*testing.T) []string {
	return func(t *testing.T) []string { return bootSector(t, code) }
}

func firmware(code []byte) func(*testing.T) []string {
	return func(t *testing.T) []string { return riscv(t, code) }
}

func load(code []byte) func(*testing.T) []string {
	return func(t *testing.T) []string { return aarch64(t, code) }
}

// What else can end a QEMU: its user, the host, and its own bugs, of which a
// fake one has as many as it takes.
func TestEndsOfQEMU(t *testing.T) {
	t.Parallel()
	const notOurs = ", which this process did not send"
	for _, test := range []struct {
		scene string
		want  ending
		died  bool
	}{
		{"killed by SIGKILL", ending{Signaled, -1, syscall.SIGKILL, "", "QEMU was killed by SIGKILL" + notOurs}, true},
		{"killed by SIGSEGV", ending{Signaled, -1, syscall.SIGSEGV, "", "QEMU was killed by SIGSEGV" + notOurs}, true},
		{"killed by SIGABRT", ending{Signaled, -1, syscall.SIGABRT, "", "QEMU was killed by SIGABRT" + notOurs}, true},
		{
			"fails assert", ending{
				Aborted, -1, syscall.SIGABRT, "",
				"QEMU found something wrong with itself and aborted: fake: cpu.c:12: run: Assertion `cpu' failed.",
			}, true,
		},
		{
			"fails g_assert", ending{
				Aborted, -1, syscall.SIGABRT, "",
				"QEMU found something wrong with itself and aborted: ERROR:../cpu.c:12:run: assertion failed: (cpu)",
			}, true,
		},
		{
			"asan", ending{
				Sanitizer, 1, 0, "",
				"AddressSanitizer found a bug in QEMU, exit status 1: ==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x1",
			}, true,
		},
		{
			"ubsan", ending{
				Sanitizer, 0, 0, "guest-shutdown",
				"UndefinedBehaviorSanitizer found a bug in QEMU: ../cpu.c:12:3: runtime error: shift exponent 64 is too large",
			}, true,
		},
		{
			"GLib gets no memory", ending{
				OutOfMemory, -1, syscall.SIGTRAP, "",
				"QEMU got no memory from the host: (process:1): GLib-ERROR **: 00:00:00.000: ../glib/gmem.c:106: failed to allocate 8 bytes",
			}, true,
		},
		{
			"fails", ending{
				Exited, 3, 0, "",
				"QEMU exited by itself with status 3, no SHUTDOWN event seen: fake: disk on fire",
			}, false,
		},
		{"exits without a word", ending{Exited, 0, 0, "", "QEMU exited by itself with status 0, no SHUTDOWN event seen"}, false},
		{"window is closed", ending{HostShutdown, 0, 0, "host-ui", "QEMU was shut down by the host (reason host-ui)"}, false},
	} {
		t.Run(test.scene, func(t *testing.T) {
			t.Parallel()
			m := launchFake(t, test.scene)
			_, ended := m.Exit()
			assert.False(t, ended)
			_, _ = m.QMP().Execute(within(t, soon), "end", nil) // the reply may be lost
			exit, err := m.Wait(within(t, soon))
			require.NoError(t, err)
			test.want.check(t, exit)
			assert.Equal(t, test.want.kind != HostShutdown, exit.Err() != nil)
			assert.Equal(t, test.died, exit.Died())

			// Ending what has ended changes nothing.
			again, err := m.Shutdown(within(t, soon))
			require.NoError(t, err)
			assert.Equal(t, exit, again)
			assert.Equal(t, exit, m.Kill())
		})
	}
}

// A report that is wanted does not fail a machine, nor does the end that it
// explains. All else does.
func TestExpectedReportsOfQEMU(t *testing.T) {
	t.Parallel()
	const (
		asan     = "AddressSanitizer found a bug in QEMU"
		found    = ": ==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x1"
		aborted  = "QEMU found something wrong with itself and aborted"
		failed   = ": fake: cpu.c:12: run: Assertion `cpu' failed."
		noMemory = "QEMU got no memory from the host"
		glib     = ": (process:1): GLib-ERROR **: 00:00:00.000: ../glib/gmem.c:106: failed to allocate 8 bytes"
	)
	for _, test := range []struct {
		scene    string
		expected []console.Kind
		kind     Kind
		text     string
		err      bool
	}{
		{"asan", []console.Kind{rules.Sanitizer}, Sanitizer, asan + ", exit status 1, as expected" + found, false},
		{"asan", []console.Kind{rules.UndefinedBehavior, rules.Assertion}, Sanitizer, asan + ", exit status 1" + found, true},
		{"asan aborts", []console.Kind{rules.Sanitizer}, Sanitizer, asan + ", as expected" + found, false},
		{"asan and SIGSEGV", []console.Kind{rules.Sanitizer}, Signaled, "QEMU was killed by SIGSEGV, which this process did not send" + found, true},
		{"ubsan", []console.Kind{rules.UndefinedBehavior}, GuestShutdown, "the guest powered off", false},
		{"ubsan and asan", []console.Kind{rules.UndefinedBehavior}, Sanitizer, asan + ", exit status 1" + found, true},
		{"fails assert", []console.Kind{rules.Assertion}, Aborted, aborted + ", as expected" + failed, false},
		{"fails assert", []console.Kind{rules.Sanitizer, rules.InternalError}, Aborted, aborted + failed, true},
		{"GLib gets no memory", []console.Kind{rules.NoHostMemory}, OutOfMemory, noMemory + ", as expected" + glib, false},
		{"killed by SIGABRT", []console.Kind{rules.Assertion}, Signaled, "QEMU was killed by SIGABRT, which this process did not send", true},
		{"fails", []console.Kind{rules.Assertion}, Exited, "QEMU exited by itself with status 3, no SHUTDOWN event seen: fake: disk on fire", true},
	} {
		for name, expect := range map[string]func(*Config) func(*Machine){
			"from launch on": func(c *Config) func(*Machine) {
				c.Expected = test.expected
				return func(*Machine) {}
			},
			"later": func(*Config) func(*Machine) {
				return func(m *Machine) { m.Expect(test.expected...) }
			},
		} {
			t.Run(test.scene+" "+name, func(t *testing.T) {
				t.Parallel()
				config := fakeConfig(t, test.scene)
				then := expect(&config)
				m, err := Launch(within(t, soon), config)
				require.NoError(t, err)
				then(m)
				assert.Empty(t, m.Reports(), "before the end")
				_, _ = m.QMP().Execute(within(t, soon), "end", nil) // the reply may be lost
				exit, err := m.Wait(within(t, soon))
				require.NoError(t, err)
				assert.Equal(t, test.kind, exit.Kind)
				assert.Equal(t, test.text, exit.String())
				assert.Equal(t, test.err, exit.Err() != nil)
			})
		}
	}
}

// What QEMU reported is there in the end, the part that was expected marked.
func TestReportsOfQEMU(t *testing.T) {
	t.Parallel()
	config := fakeConfig(t, "ubsan and asan")
	config.Expected = []console.Kind{rules.UndefinedBehavior}
	m, err := Launch(within(t, soon), config)
	require.NoError(t, err)
	_, _ = m.QMP().Execute(within(t, soon), "end", nil) // the reply may be lost
	<-m.Done()
	reports := m.Reports()
	require.Len(t, reports, 2)
	assert.Equal(t, "undefined behavior: ../cpu.c:12:3: runtime error: shift exponent 64 is too large", reports[0].String())
	assert.True(t, reports[0].Noted)
	assert.Equal(t, rules.Sanitizer, reports[1].Kind)
	assert.False(t, reports[1].Noted)
}

// QMP quit is the same whoever sends it.
func TestEndByQMPQuit(t *testing.T) {
	t.Parallel()
	want := ending{Quit, 0, 0, "host-qmp-quit", "QEMU quit as asked over QMP"}
	config := Config{Binary: requireEmulator(t, "x86_64"), Machine: "none"}

	exit, err := launchReal(t, config).Shutdown(within(t, soon))
	require.NoError(t, err)
	want.check(t, exit)

	m := launchReal(t, config)
	_, _ = m.QMP().Execute(within(t, soon), "quit", nil) // the reply may be lost
	exit, err = m.Wait(within(t, soon))
	require.NoError(t, err)
	want.check(t, exit)
	assert.NoError(t, exit.Err())
}
