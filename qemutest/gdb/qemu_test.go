package gdb

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A guest is a machine that executes something without any download: QEMU's
// own firmware, or a few instructions that the test brings.
type guest struct {
	target   string
	args     []string
	program  []uint32 // little endian, put at programAddress; the CPU starts there
	pc       string   // what the architecture calls it
	register string   // one that can be changed at will
	memory   uint64   // RAM that can be changed at will
}

const (
	programAddress = 0x40200000
	storeAddress   = 0x41000000 // where the programs store
)

// The programs read the host's time, so that something happens to them that
// record/replay must log. Of a guest that only computes, QEMU logs the end of the
// recording before the instructions that preceded it.
var guests = []guest{
	{target: "x86_64", args: []string{"-M", "pc"}, pc: "rip", register: "rbx", memory: 0x8000},
	{target: "aarch64", args: []string{"-M", "virt", "-cpu", "cortex-a53"}, pc: "pc", register: "x9", memory: storeAddress, program: []uint32{
		0xd2a82006, //       mov x6, #0x41000000
		0xd2a12028, //       mov x8, #0x09010000 (the clock of the board)
		0x910004a5, // loop: add x5, x5, #1
		0xf90000c5, //       str x5, [x6]
		0xb9400107, //       ldr w7, [x8]
		0x17fffffd, //       b loop
	}},
	{target: "arm", args: []string{"-M", "virt", "-cpu", "cortex-a15"}, pc: "pc", register: "r9", memory: storeAddress, program: []uint32{
		0xe3a06441, //       mov r6, #0x41000000
		0xe3a08409, //       mov r8, #0x09000000
		0xe3888801, //       orr r8, r8, #0x00010000 (the clock of the board)
		0xe2855001, // loop: add r5, r5, #1
		0xe5865000, //       str r5, [r6]
		0xe5987000, //       ldr r7, [r8]
		0xeafffffb, //       b loop
	}},
	{target: "s390x", args: []string{"-M", "s390-ccw-virtio"}, pc: "pswa", register: "r9", memory: 0x8000},
	{target: "ppc64", args: []string{"-M", "pseries"}, pc: "pc", register: "r9", memory: 0x8000},
	{target: "riscv64", args: []string{"-M", "virt"}, pc: "pc", register: "t1", memory: 0x82000000},
}

func forEachGuest(t *testing.T, test func(t *testing.T, g guest)) {
	for _, g := range guests {
		t.Run(g.target, func(t *testing.T) {
			t.Parallel()
			if g.program != nil {
				g.args = append(slices.Clone(g.args), "-device", fmt.Sprintf("loader,file=%s,addr=%#x,cpu-num=0", g.write(t), programAddress))
			}
			test(t, g)
		})
	}
}

// write writes the guest's program to a file.
func (g guest) write(t *testing.T) string {
	t.Helper()
	var code []byte
	for _, word := range g.program {
		code = binary.LittleEndian.AppendUint32(code, word)
	}
	name := filepath.Join(t.TempDir(), "program")
	require.NoError(t, os.WriteFile(name, code, 0o600))
	return name
}

// A process is a QEMU with a client of its stub.
type process struct {
	*Client
	cmd   *exec.Cmd
	ended chan struct{} // closed when QEMU is gone
}

// start starts QEMU with its stub on a socket pair, and attaches.
func start(t testing.TB, target string, args ...string) *process {
	t.Helper()
	p, err := tryStart(t, target, args...)
	require.NoError(t, err)
	return p
}

func tryStart(t testing.TB, target string, args ...string) (*process, error) {
	t.Helper()
	binary, err := exec.LookPath("qemu-system-" + target)
	if err != nil {
		t.Skipf("qemu-system-%s is not installed", target)
	}
	ours, theirs := socketPair(t)
	end, err := theirs.(interface{ File() (*os.File, error) }).File()
	require.NoError(t, err)
	theirs.Close()
	log, err := os.Create(filepath.Join(t.TempDir(), "qemu.log"))
	require.NoError(t, err)
	defer log.Close()

	p := &process{ended: make(chan struct{})}
	p.cmd = exec.Command(binary, append([]string{
		"-display", "none", "-vga", "none", "-monitor", "none", "-serial", "none", "-net", "none",
		"-chardev", "socket,id=gdb,fd=3", "-gdb", "chardev:gdb",
	}, args...)...)
	p.cmd.ExtraFiles = []*os.File{end}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	err = p.cmd.Start()
	end.Close()
	require.NoError(t, err)
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("%v\n%s", p.cmd, text)
		}
	})

	p.Client, err = NewClient(deadline(t), ours, Options{Ended: func() error {
		<-p.ended
		text, _ := os.ReadFile(log.Name())
		return fmt.Errorf("QEMU ended (%v): %s", p.cmd.ProcessState, text)
	}})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { p.Close() })
	return p, nil
}

// deadline is far off: it only keeps a QEMU that hangs from hanging the tests.
func deadline(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// addresses returns where the machine is before each of the next n steps.
func (p *process) addresses(ctx context.Context, t *testing.T, n int) (addresses []uint64) {
	t.Helper()
	for range n {
		addresses = append(addresses, p.here(ctx, t))
		stop, err := p.Step(ctx)
		require.NoError(t, err)
		require.Equal(t, SigTrap, stop.Signal)
	}
	return addresses
}

func (p *process) here(ctx context.Context, t *testing.T) uint64 {
	t.Helper()
	address, err := p.CodeAddress(ctx)
	require.NoError(t, err)
	return address
}

func TestQEMUStepAndBreak(t *testing.T) {
	t.Parallel()
	forEachGuest(t, func(t *testing.T, g guest) {
		ctx := deadline(t)
		path := start(t, g.target, append(g.args, "-S")...).addresses(ctx, t, 6)
		require.NotEqual(t, path[0], path[1])
		// The last instruction that was not executed before.
		last := len(path) - 1
		for slices.Contains(path[:last], path[last]) {
			last--
		}

		p := start(t, g.target, append(g.args, "-S")...)
		for _, kind := range []BreakpointKind{SoftwareBreakpoint, HardwareBreakpoint} {
			b := Breakpoint{Kind: kind, Address: path[last]}
			require.NoError(t, p.Insert(ctx, b))
			require.NoError(t, p.Remove(ctx, b))
		}
		require.NoError(t, p.Break(ctx, path[1]))
		require.NoError(t, p.Break(ctx, path[last]))
		for _, want := range []uint64{path[1], path[last]} {
			stop, err := p.Continue(ctx)
			require.NoError(t, err)
			assert.Equal(t, SigTrap, stop.Signal)
			assert.Equal(t, Thread{1, 1}, stop.Thread)
			assert.Equal(t, want, p.here(ctx, t))
		}
	})
}

func TestQEMURegistersAndMemory(t *testing.T) {
	t.Parallel()
	forEachGuest(t, func(t *testing.T, g guest) {
		ctx := deadline(t)
		p := start(t, g.target, append(g.args, "-S")...)
		pc, err := p.PC(ctx)
		require.NoError(t, err)
		named, err := p.Register(ctx, g.pc)
		require.NoError(t, err)
		assert.Equal(t, named, pc)

		require.NoError(t, p.SetRegister(ctx, g.register, 0x12345678))
		value, err := p.Register(ctx, g.register)
		require.NoError(t, err)
		assert.Equal(t, uint64(0x12345678), value)

		all, err := p.Registers(ctx)
		require.NoError(t, err)
		target, err := p.Target(ctx)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, len(all), len(target.Registers)*9/10, "QEMU refuses a few of those it describes")
		for _, v := range all {
			first, _ := target.Lookup(v.Name)
			one, err := p.RegisterBytes(ctx, v.Name)
			require.NoError(t, err, v.Name)
			if first == v.Register {
				assert.Len(t, v.Data, len(one), v.Name)
			}
			if v.Name == g.register || v.Name == g.pc { // others may be clocks
				assert.Equal(t, one, v.Data, v.Name)
			}
		}

		want := make([]byte, 10_000) // more than a packet
		for i := range want {
			want[i] = byte(i * 7)
		}
		require.NoError(t, p.WriteMemory(ctx, g.memory, want))
		got, err := p.ReadMemory(ctx, g.memory, len(want))
		require.NoError(t, err)
		assert.Equal(t, want, got)
		require.NoError(t, p.SetPhysical(ctx, true))
		got, err = p.ReadMemory(ctx, g.memory, 16)
		require.NoError(t, err)
		assert.Equal(t, want[:16], got, "the MMU is off")
	})
}

func TestQEMUWatchpoint(t *testing.T) {
	t.Parallel()
	forEachGuest(t, func(t *testing.T, g guest) {
		if g.program == nil {
			t.Skip("nobody knows where this firmware stores")
		}
		ctx := deadline(t)
		p := start(t, g.target, append(g.args, "-S")...)
		require.NoError(t, p.Insert(ctx, Breakpoint{Kind: WriteWatchpoint, Address: storeAddress, Length: 4}))
		for want := byte(1); want < 4; want++ {
			stop, err := p.Continue(ctx)
			require.NoError(t, err)
			assert.Equal(t, Stop{Reason: StopWrite, Signal: SigTrap, Thread: Thread{1, 1}, Address: storeAddress}, stop)
			got, err := p.ReadMemory(ctx, storeAddress, 4)
			require.NoError(t, err)
			assert.Equal(t, []byte{want - 1, 0, 0, 0}, got, "the store has not taken place")
		}
		before := p.here(ctx, t)
		stop, err := p.Step(ctx)
		require.NoError(t, err)
		assert.Equal(t, StopSignal, stop.Reason)
		assert.Equal(t, before+4, p.here(ctx, t))
		got, err := p.ReadMemory(ctx, storeAddress, 4)
		require.NoError(t, err)
		assert.Equal(t, []byte{3, 0, 0, 0}, got, "now it has")
	})
}

func TestQEMUInterrupt(t *testing.T) {
	t.Parallel()
	forEachGuest(t, func(t *testing.T, g guest) {
		ctx := deadline(t)
		p := start(t, g.target, append(g.args, "-S", "-action", "panic=none")...)
		require.NoError(t, p.Resume(ctx))
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		_, err := p.Wait(short)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = p.PC(ctx)
		require.ErrorIs(t, err, ErrRunning)
		require.NoError(t, p.Interrupt(ctx))
		_, err = p.Wait(ctx)
		require.NoError(t, err)
		p.here(ctx, t)
	})
}

// The machine runs before the client comes, and again after QMP's or HMP's
// "cont", of which the client knows nothing.
func TestQEMUResumedByOthers(t *testing.T) {
	t.Parallel()
	forEachGuest(t, func(t *testing.T, g guest) {
		ctx := deadline(t)
		p := start(t, g.target, append(g.args, "-action", "panic=none")...)
		for range 5 {
			_, err := p.ReadMemory(ctx, g.memory, 4)
			require.NoError(t, err)
			output, err := p.Monitor(ctx, "cont")
			require.NoError(t, err)
			assert.Empty(t, output)
		}
		p.here(ctx, t)
	})
}

func TestQEMUThreads(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	p := start(t, "x86_64", "-M", "q35", "-smp", "3", "-S")
	threads, err := p.Threads(ctx)
	require.NoError(t, err)
	assert.Equal(t, []Thread{{1, 1}, {1, 2}, {1, 3}}, threads)
	info, err := p.ThreadInfo(ctx, threads[2])
	require.NoError(t, err)
	assert.Contains(t, info, "CPU#2")
	require.NoError(t, p.Select(ctx, threads[2]))
	require.NoError(t, p.SetRegister(ctx, "rbx", 3))
	require.NoError(t, p.Select(ctx, threads[0]))
	rbx, err := p.Register(ctx, "rbx")
	require.NoError(t, err)
	assert.NotEqual(t, uint64(3), rbx, "each CPU has its own registers")
}

func TestQEMUExtensionsAreReal(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	p := start(t, "x86_64", "-M", "pc", "-S")
	flags, err := p.StepFlags(ctx)
	require.NoError(t, err)
	assert.Equal(t, StepEnable|StepWithoutInterrupt|StepWithoutTimer, flags)
	require.NoError(t, p.SetStepFlags(ctx, StepEnable))
	flags, err = p.StepFlags(ctx)
	require.NoError(t, err)
	assert.Equal(t, StepEnable, flags)
	version, err := p.Monitor(ctx, "info version")
	require.NoError(t, err)
	assert.Regexp(t, `^\d+\.\d+\.\d+`, version)

	var refused *ErrorReply
	_, err = p.Exchange(ctx, "Hgp9.9")
	require.ErrorAs(t, err, &refused)
	_, err = p.ReverseStep(ctx)
	require.ErrorIs(t, err, errors.ErrUnsupported)
	_, err = p.PC(ctx)
	require.NoError(t, err, "QEMU survived that")
}

func TestQEMUKill(t *testing.T) {
	t.Parallel()
	p := start(t, "x86_64", "-M", "pc", "-S")
	require.NoError(t, p.Resume(deadline(t)))
	require.NoError(t, p.Kill(deadline(t)))
	<-p.ended
	assert.Zero(t, p.cmd.ProcessState.ExitCode())
}

func TestQEMUDetach(t *testing.T) {
	t.Parallel()
	// This machine ends by itself: its firmware finds nothing to boot.
	p := start(t, "s390x", "-M", "s390-ccw-virtio", "-S", "-no-reboot", "-action", "panic=shutdown")
	require.NoError(t, p.Detach(deadline(t)))
	<-p.ended
}

func TestQEMUHangup(t *testing.T) {
	t.Parallel()
	p := start(t, "x86_64", "-M", "pc", "-S")
	require.NoError(t, p.Resume(deadline(t)))
	require.NoError(t, p.cmd.Process.Kill())
	_, err := p.Wait(deadline(t))
	var hangup *HangupError
	require.ErrorAs(t, err, &hangup)
	assert.ErrorContains(t, err, `the GDB stub hung up during "vCont;c": QEMU ended (signal: killed)`)
}

// Every emulator that is installed: what its stub says about itself can be
// used.
func TestQEMUDescriptions(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts every emulator")
	}
	machines := map[string]string{
		"arm": "virt", "aarch64": "virt", "avr": "mega2560", "tricore": "tricore_testboard", "rx": "gdbsim-r5f562n8", "riscv32": "sifive_e",
	}
	binaries, err := filepath.Glob("/usr/bin/qemu-system-*")
	require.NoError(t, err)
	for _, binary := range binaries {
		target := strings.TrimPrefix(filepath.Base(binary), "qemu-system-")
		if info, err := os.Lstat(binary); err != nil || info.Mode().Type() == os.ModeSymlink {
			continue
		}
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			args := []string{"-S"}
			if machine := machines[target]; machine != "" {
				args = append(args, "-M", machine)
			}
			ctx := deadline(t)
			p, err := tryStart(t, target, args...)
			var hangup *HangupError
			if errors.As(err, &hangup) {
				t.Skip("this machine needs more to start: ", err)
			}
			require.NoError(t, err)
			description, err := p.Target(ctx)
			if errors.Is(err, errors.ErrUnsupported) {
				t.Skip("this stub does not describe its registers")
			}
			require.NoError(t, err)
			assert.Greater(t, len(description.Registers), 20)
			_, ok := description.Lookup("pc")
			assert.True(t, ok, "the program counter has a name that nobody knows")
			values, err := p.Registers(ctx)
			require.NoError(t, err)
			assert.NotEmpty(t, values)
			t.Logf("%s: %d of %d registers, byte order %v", description.Architecture, len(values), len(description.Registers), description.ByteOrder())
		})
	}
}
