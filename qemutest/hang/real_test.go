package hang

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/qemutest/internal/guard"
	"github.com/qemutest/functional/qemutest/machine"
	"github.com/qemutest/functional/qemutest/qmp"
)

// soon is long enough on a busy host.
const soon = time.Minute

// Guests in the 16-bit code of a boot sector, which starts at 0x7c00.
var (
	sayA = []byte{
		0xba, 0xf8, 0x03, // mov $0x3f8, %dx: first serial port
		0xb0, 'A', // mov $'A', %al
		0xee, // out %al, %dx
	}
	halts = append(sayA[:len(sayA):len(sayA)],
		0xfa,       // cli
		0xf4,       // hlt: at 0x7c07
		0xeb, 0xfd, // jmp to hlt
	)
	spins = append(sayA[:len(sayA):len(sayA)],
		0xfa,       // cli
		0xeb, 0xfe, // jmp to itself: at 0x7c07
	)
	polls = append(sayA[:len(sayA):len(sayA)],
		0xfa,             // cli
		0xba, 0xfd, 0x03, // mov $0x3fd, %dx: line status; at 0x7c07
		0xec,       // in %dx, %al
		0xa8, 0x01, // test $1, %al: is there input?
		0x74, 0xf8, // jz to mov
	)
	// wanders runs through 32 KiB of code again and again: it fills its memory
	// from 0x8000 on with instructions, the last of which jumps back to the
	// first one.
	wanders = append(sayA[:len(sayA):len(sayA)],
		0xfa,       // cli
		0x31, 0xc0, // xor %ax, %ax
		0x8e, 0xc0, // mov %ax, %es
		0xbf, 0x00, 0x80, // mov $0x8000, %di
		0xb8, 0x40, 0x48, // mov $0x4840, %ax: inc %ax, dec %ax
		0xb9, 0x00, 0x38, // mov $0x3800, %cx
		0xf3, 0xab, // rep stosw
		0xb0, 0xe9, // mov $0xe9, %al: jmp, to 0x8000 from 0xf003
		0xaa,             // stosb
		0xb8, 0xfd, 0x8f, // mov $0x8ffd, %ax
		0xab,                         // stosw
		0xea, 0x00, 0x80, 0x00, 0x00, // ljmp $0, $0x8000
	)
)

// launch starts a guest and waits until it runs.
func launch(t *testing.T, guest []byte, config machine.Config) *machine.Machine {
	t.Helper()
	sector := append(bytes.Clone(guest), make([]byte, 510-len(guest))...)
	disk := filepath.Join(t.TempDir(), "disk")
	require.NoError(t, os.WriteFile(disk, append(sector, 0x55, 0xaa), 0o644))
	config.Args = append(config.Args, "-drive", "format=raw,file="+disk)
	m := launchBare(t, config)
	if !slices.Contains(config.Args, "-S") {
		_, err := m.Console(0).Wait(within(t), console.Wait{Success: []console.Pattern{console.Text("A")}})
		require.NoError(t, err)
	}
	return m
}

// launchBare starts a machine with nothing but its firmware.
func launchBare(t *testing.T, config machine.Config) *machine.Machine {
	t.Helper()
	binary, err := exec.LookPath("qemu-system-x86_64")
	if err != nil {
		t.Skip("needs qemu-system-x86_64: install it")
	}
	config.Binary, config.LogDir = binary, t.TempDir()
	m, err := machine.Launch(within(t), config)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, m.Close()) })
	return m
}

// within returns a context that ends soon.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	t.Cleanup(cancel)
	return ctx
}

// onAnIdleHost judges again, as if the host had not been busy while the test ran.
func onAnIdleHost(d Diagnosis) Diagnosis {
	d.Process.Age, d.Wait = 0, Spell{}
	d.Kind = d.classify()
	return d
}

func TestGuests(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		guest []byte
		args  []string
		kind  Kind
		text  string
	}{
		"halts":                  {halts, nil, Idle, `^guest idle: CPU 0 is halted.* 0x7c08; it waits`},
		"halts on all CPUs":      {halts, []string{"-smp", "2"}, Idle, `^guest idle: .*CPU 1 is halted`},
		"halts in one thread":    {halts, []string{"-accel", "tcg,thread=single", "-smp", "2"}, Idle, `^guest idle: .*CPU 1 is halted`},
		"spins":                  {spins, nil, Spinning, `^guest spins: CPU 0 uses \d+% of a processor and was seen 5 times .*0x7c07`},
		"spins beside idle CPUs": {spins, []string{"-smp", "2"}, Spinning, `^guest spins: CPU 0 uses [^,]*$`},
		"polls a port":           {polls, nil, Spinning, `^guest spins: .* pc 0x7c`},
		"wanders":                {wanders, nil, Busy, `^guest busy: .* between pc 0x.* and 0x`},
		"not started":            {halts, []string{"-S"}, Stopped, `^guest stopped: run state prelaunch: QEMU was started with -S`},
	} {
		t.Run(name, func(t *testing.T) {
			m := launch(t, test.guest, machine.Config{Args: test.args})
			d := onAnIdleHost(Examine(context.Background(), m))
			assert.Equal(t, test.kind.String(), d.Kind.String(), d.Details())
			assert.Regexp(t, test.text, d.String())
			assert.Len(t, d.Registers, looks)
			assert.Less(t, d.Process.Window, Limit)
		})
	}
}

func TestStoppedGuest(t *testing.T) {
	t.Parallel()
	m := launch(t, spins, machine.Config{})
	_, err := m.QMP().Execute(t.Context(), "stop", nil)
	require.NoError(t, err)
	d := Examine(context.Background(), m)
	assert.Equal(t, Stopped, d.Kind, d.Details())
	assert.Regexp(t, `^guest stopped: run state paused: something stopped it \(QMP stop, a debugger\); event STOP.* ago$`, d.String())
}

// The firmware cannot read the disk.
func TestGuestStoppedByADisk(t *testing.T) {
	t.Parallel()
	m := launchBare(t, machine.Config{Args: []string{
		"-blockdev", `{"driver": "blkdebug", "node-name": "bad", "image": {"driver": "null-co", "size": 1048576},` +
			` "inject-error": [{"event": "none"}]}`,
		"-device", "ide-hd,drive=bad,rerror=stop",
	}})
	_, _, err := m.QMP().WaitEvent(within(t), 0, qmp.Named("STOP"))
	require.NoError(t, err)
	d := Examine(context.Background(), m)
	assert.Equal(t, Stopped, d.Kind, d.Details())
	assert.Contains(t, d.String(), "run state io-error: a disk failed")
	assert.Contains(t, d.String(), "event BLOCK_IO_ERROR {")
}

func TestStuckMainLoop(t *testing.T) {
	t.Parallel()
	m := launch(t, spins, machine.Config{})
	require.NoError(t, syscall.Kill(m.PID(), syscall.SIGSTOP))
	start := time.Now()
	d := Examine(context.Background(), m)
	assert.Equal(t, MainLoopStuck, d.Kind, d.Details())
	assert.Contains(t, d.String(), "QEMU's main loop is stuck: the monitor does not answer")
	if runtime.GOOS == "linux" {
		assert.Contains(t, d.String(), "; the main thread is stopped by a signal or a debugger (state T)")
	}
	assert.Less(t, time.Since(start), Limit+soon/2, "it has a limit")
	// What was asked is in the way of later questions.
	d = Examine(context.Background(), m)
	assert.Contains(t, d.String(), "since it was given query-status")
}

func TestGoneQEMU(t *testing.T) {
	t.Parallel()
	for _, known := range []bool{false, true} {
		m := launch(t, halts, machine.Config{})
		require.NoError(t, syscall.Kill(m.PID(), syscall.SIGKILL))
		if known {
			<-m.Done()
		}
		d := Examine(context.Background(), m)
		assert.Equal(t, Gone, d.Kind, d.Details())
		assert.Equal(t, "QEMU is gone: QEMU was killed by SIGKILL, which this process did not send", d.String())
	}
}

func TestWithoutAMonitor(t *testing.T) {
	t.Parallel()
	d := onAnIdleHost(Examine(context.Background(), launch(t, spins, machine.Config{NoMonitor: true})))
	assert.Equal(t, Unknown, d.Kind, d.Details())
	assert.Contains(t, d.String(), "unknown: the machine has no monitor to ask; the busiest thread of QEMU uses ")
}

// On a processor that another process of a higher priority uses, QEMU gets a
// seventieth of it.
func TestOverloadedHost(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"taskset", "nice"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("needs %s: install it", name)
		}
	}
	m := launch(t, spins, machine.Config{Wrapper: []string{"taskset", "-c", "0", "nice", "-n", "19"}})
	if d := Examine(context.Background(), m); d.Process.Age == 0 || len(d.Process.Threads) < 2 {
		t.Skip("needs a host that tells about threads")
	}
	rival := exec.Command("taskset", "-c", "0", "sh", "-c", "while :; do :; done")
	process, err := guard.Start(rival)
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, process.Signal(syscall.SIGKILL))
		<-process.Done()
	})

	var d Diagnosis
	start := Look(context.Background(), m.PID())
	require.Eventually(t, func() bool {
		d = ExamineSince(context.Background(), m, start)
		return d.Kind == Overloaded
	}, soon, time.Millisecond, "a starved guest is not found to be one")
	assert.Regexp(t, `^host overloaded: QEMU lacked a processor for \S+ of the last \S+, so the wait would have needed `, d.String())
}
