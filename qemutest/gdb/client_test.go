package gdb

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestErrors(t *testing.T) {
	t.Parallel()
	c, _ := attachStub(t, map[string][]string{
		"m": {"E14", "E.no such page", "", "not hex", "11223344"}, "Hg": {"what?"}, "qfThreadInfo": {"mx", "q"},
		"qqemu.sstep": {"many"}, "qThreadExtraInfo": {"xyz"},
	})
	ctx := t.Context()
	read := func() error { _, err := c.ReadMemory(ctx, 0x1000, 2); return err }

	err := read()
	var refused *ErrorReply
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, 0x14, refused.Code)
	assert.EqualError(t, err, `2 bytes at 0x1000 can't be read: the GDB stub refused "m1000,2" with error 0x14`)
	assert.ErrorContains(t, read(), `refused "m1000,2": no such page`)
	err = read()
	require.ErrorIs(t, err, errors.ErrUnsupported)
	assert.ErrorContains(t, err, `does not support "m1000,2"`)

	var protocol *ProtocolError
	require.ErrorAs(t, read(), &protocol)
	assert.Equal(t, "not hex", protocol.Reply)
	assert.ErrorContains(t, read(), `answered "m1000,2" with "11223344": expected up to 2 bytes`)
	assert.ErrorContains(t, c.Select(ctx, Thread{1, 2}), "expected OK or an error")
	for range 2 {
		_, err = c.Threads(ctx)
		assert.ErrorAs(t, err, &protocol)
	}
	_, err = c.StepFlags(ctx)
	assert.ErrorAs(t, err, &protocol)
	_, err = c.ThreadInfo(ctx, Thread{1, 1})
	assert.ErrorAs(t, err, &protocol)
}

func TestHangup(t *testing.T) {
	t.Parallel()
	s, conn := newStub(t, map[string][]string{"m": {"hang up"}})
	ended := errors.New("QEMU was killed by signal 9")
	c := s.attach(conn, Options{Ended: func() error { return ended }})
	_, err := c.ReadMemory(t.Context(), 0, 1)
	var hangup *HangupError
	require.ErrorAs(t, err, &hangup)
	assert.ErrorContains(t, err, `the GDB stub hung up during "m0,1": QEMU was killed by signal 9`)
	assert.ErrorIs(t, err, ended)
	assert.ErrorIs(t, err, io.EOF)
	_, again := c.PC(t.Context())
	assert.ErrorIs(t, again, ended, "the session stays broken")
	assert.ErrorIs(t, c.Interrupt(t.Context()), ended)
}

func TestCloseEndsCall(t *testing.T) {
	t.Parallel()
	c, s := attachStub(t, map[string][]string{"vCont;c": {silence}})
	result := make(chan error)
	go func() {
		_, err := c.Continue(t.Context())
		result <- err
	}()
	<-s.silent
	require.NoError(t, c.Close())
	assert.ErrorIs(t, <-result, net.ErrClosed)
	_, err := c.Threads(t.Context())
	assert.ErrorContains(t, err, "the GDB client is closed")
}

// A call that gave up leaves its reply behind; the next one must not take it
// for its own.
func TestLateReplyIsNotTheNextCalls(t *testing.T) {
	t.Parallel()
	c, s := attachStub(t, map[string][]string{"m0": {silence}, "m1": {"11"}})
	cause := errors.New("too slow")
	_, err := c.ReadMemory(s.whenSilent(cause), 0, 1)
	require.ErrorIs(t, err, cause)
	assert.ErrorContains(t, err, `no answer from the GDB stub to "m0,1"`)

	s.write(framed("O"+hexText("late output")) + framed("00"))
	data, err := c.ReadMemory(t.Context(), 1, 1)
	require.NoError(t, err)
	assert.Equal(t, []byte{0x11}, data)
}

// A deadline in the middle of a packet loses nothing.
func TestReplyInTwoParts(t *testing.T) {
	t.Parallel()
	s, conn := newStub(t, map[string][]string{"m0": {"00"}, "m1": {"11"}})
	ctx, cancel := context.WithCancel(t.Context())
	s.tamper = func(command, frame string) string {
		if command == "m0,1" {
			defer time.AfterFunc(10*time.Millisecond, cancel) // let the first part arrive
			return frame[:2]
		}
		return frame
	}
	c := s.attach(conn, Options{})
	_, err := c.ReadMemory(ctx, 0, 1)
	require.ErrorIs(t, err, context.Canceled)
	s.write(framed("00")[2:])
	data, err := c.ReadMemory(t.Context(), 1, 1)
	require.NoError(t, err)
	assert.Equal(t, []byte{0x11}, data)
}

func TestEndedContextSendsNothing(t *testing.T) {
	t.Parallel()
	c, s := attachStub(t, nil)
	s.commands()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.ReadMemory(ctx, 0, 1)
	require.ErrorIs(t, err, context.Canceled)
	_, err = c.Continue(ctx)
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, s.commands())
}

func TestRunning(t *testing.T) {
	t.Parallel()
	c, s := attachStub(t, map[string][]string{"vCont;c": {silence}, "interrupt": {"T02thread:p01.02;"}, "m": {"77"}})
	tooLong := errors.New("too long")
	_, err := c.Continue(s.whenSilent(tooLong))
	require.ErrorIs(t, err, tooLong)
	assert.ErrorContains(t, err, `the machine has not stopped since "vCont;c"`)

	_, err = c.ReadMemory(t.Context(), 0, 1)
	require.ErrorIs(t, err, ErrRunning)
	require.NoError(t, c.Interrupt(t.Context()))
	stop, err := c.Wait(t.Context())
	require.NoError(t, err)
	assert.Equal(t, Stop{Signal: SigInt, Thread: Thread{1, 2}}, stop)
	assert.Equal(t, Thread{1, 2}, c.Selected(), "the CPU that stopped is selected")
	_, err = c.ReadMemory(t.Context(), 0, 1)
	require.NoError(t, err)
	again, err := c.Wait(t.Context())
	require.NoError(t, err)
	assert.Equal(t, stop, again, "Wait on a machine that stands still")
	assert.Equal(t, []string{"vCont;c", "interrupt", "m0,1"}, s.commands()[3:])
}

// A call whose time is over does not blame another one when there is none.
func TestWaitWithoutTime(t *testing.T) {
	t.Parallel()
	c, s := attachStub(t, map[string][]string{"vCont;c": {silence}})
	require.NoError(t, c.Resume(t.Context()))
	<-s.silent
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 {
		_, err := c.Wait(over)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, `the machine has not stopped since "vCont;c"`)
	}
}

func TestInterruptFromAnotherGoroutine(t *testing.T) {
	t.Parallel()
	c, s := attachStub(t, map[string][]string{"vCont;c": {silence}, "interrupt": {"T02thread:p01.01;"}})
	var wg sync.WaitGroup
	wg.Go(func() {
		stop, err := c.Continue(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, SigInt, stop.Signal)
	})
	<-s.silent
	require.NoError(t, c.Interrupt(t.Context()))
	wg.Wait()
}

// While the machine runs, the stub may print, and may ask for system calls.
func TestSemihosting(t *testing.T) {
	t.Parallel()
	s, conn := newStub(t, map[string][]string{
		"vCont;c": {"O" + hexText("hello ") + "\nO" + hexText("guest") + "\nFopen,1234/5,0,0"},
		"F-1,":    {"W03"},
	})
	var output bytes.Buffer
	c := s.attach(conn, Options{Output: &output})
	stop, err := c.Continue(t.Context())
	require.NoError(t, err)
	assert.Equal(t, Stop{Reason: StopExited, Status: 3}, stop)
	assert.True(t, stop.Gone())
	assert.Equal(t, "hello guest", output.String())
	assert.Contains(t, s.commands(), "F-1,270f")
}

func TestResumeRefused(t *testing.T) {
	t.Parallel()
	c, _ := attachStub(t, map[string][]string{"vCont;c": {"E22", "", "OK", "T05"}})
	for _, want := range []string{`refused "vCont;c" with error 0x22`, `does not support "vCont;c"`, "expected a stop reply"} {
		_, err := c.Continue(t.Context())
		require.ErrorContains(t, err, want)
	}
	_, err := c.Continue(t.Context())
	require.NoError(t, err, "the machine did not run after a refusal")
}

// QEMU 7.2 reports stops that nobody asked for, when QMP's "stop" caused them.
func TestUnaskedStopReply(t *testing.T) {
	t.Parallel()
	c, s := attachStub(t, map[string][]string{"m": {"T02thread:p01.02;\n55"}})
	data, err := c.ReadMemory(t.Context(), 0, 1)
	require.NoError(t, err)
	assert.Equal(t, []byte{0x55}, data)
	assert.Equal(t, SigInt, c.LastStop().Signal)
	s.write(framed("T03thread:p01.01;"))
	_, err = c.ReadMemory(t.Context(), 0, 1)
	require.NoError(t, err)
}

func TestStepMovesSelectedCPU(t *testing.T) {
	t.Parallel()
	c, s := attachStub(t, map[string][]string{"Hg": {"OK"}, "vCont;s": {"T05thread:p01.02;"}, "qfThreadInfo": {"mp01.01,p01.02"}, "qsThreadInfo": {"mp02.03", "l"},
		"qThreadExtraInfo,p1.2": {hexText("CPU#1 [halted ]")}})
	threads, err := c.Threads(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []Thread{{1, 1}, {1, 2}, {2, 3}}, threads)
	info, err := c.ThreadInfo(t.Context(), Thread{1, 2})
	require.NoError(t, err)
	assert.Equal(t, "CPU#1 [halted ]", info)
	s.commands()
	require.NoError(t, c.Select(t.Context(), Thread{1, 2}))
	_, err = c.Step(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"Hgp1.2", "vCont;s:p1.2"}, s.commands())
}

func TestReverse(t *testing.T) {
	t.Parallel()
	c, s := attachStub(t, map[string][]string{
		"qSupported": {"PacketSize=1000;ReverseStep+;ReverseContinue+"},
		"bs":         {"T05thread:p01.01;", "E14"}, "bc": {"T05replaylog:begin;"},
	})
	assert.True(t, c.CanReverse())
	_, err := c.ReverseStep(t.Context())
	require.NoError(t, err)
	_, err = c.ReverseStep(t.Context())
	var refused *ErrorReply
	require.ErrorAs(t, err, &refused)
	stop, err := c.ReverseContinue(t.Context())
	require.NoError(t, err)
	assert.Equal(t, StopReplayBegin, stop.Reason)
	assert.Equal(t, []string{"bs", "bs", "bc"}, s.commands()[3:])
}

// QEMU 7.2 and 10.0 abort at "bs" without a replay.
func TestReverseNotOffered(t *testing.T) {
	t.Parallel()
	c, s := attachStub(t, map[string][]string{"bs": {"hang up"}})
	_, err := c.ReverseStep(t.Context())
	require.ErrorIs(t, err, errors.ErrUnsupported)
	assert.ErrorContains(t, err, "start QEMU with -icount rr=replay")
	assert.NotContains(t, s.commands(), "bs")
}

func TestBreakpoints(t *testing.T) {
	t.Parallel()
	target := &Target{Registers: []Register{{Name: "pc", Bits: 32}}}
	s, conn := newStub(t, map[string][]string{
		"Z": {"OK"}, "z": {"OK"}, "Z9": {""}, "p0": {"00100000"}, "vCont;s": {"T05thread:p01.01;", "T05thread:p01.01;watch:44;"}, "vCont;c": {"T05thread:p01.01;"},
	})
	c := s.attach(conn, Options{Target: target, ByteOrder: binary.LittleEndian})
	s.commands()
	ctx := t.Context()
	require.NoError(t, c.Break(ctx, 0x2000))
	require.NoError(t, c.Break(ctx, 0x2000), "twice is the same as once")
	require.NoError(t, c.Insert(ctx, Breakpoint{Kind: AccessWatchpoint, Address: 0x44, Length: 4}))
	assert.ErrorIs(t, c.Insert(ctx, Breakpoint{Kind: 9}), errors.ErrUnsupported)
	_, err := c.Continue(ctx)
	require.NoError(t, err)
	assert.Equal(t, []string{"Z0,2000,1", "Z4,44,4", "Z9,0,1", "p0", "vCont;c"}, s.commands())

	require.NoError(t, c.Insert(ctx, Breakpoint{Kind: HardwareBreakpoint, Address: 0x1000, Length: 4}))
	_, err = c.Continue(ctx)
	require.NoError(t, err)
	assert.Equal(t, []string{"Z1,1000,4", "p0", "vCont;s:p1.1", "vCont;c"}, s.commands(), "the breakpoint here is stepped over")
	stop, err := c.Continue(ctx)
	require.NoError(t, err)
	assert.Equal(t, StopWrite, stop.Reason, "what happens in that step counts")
	assert.Equal(t, []string{"p0", "vCont;s:p1.1"}, s.commands())

	require.NoError(t, c.Remove(ctx, Breakpoint{Kind: HardwareBreakpoint, Address: 0x1000, Length: 4}))
	_, err = c.Continue(ctx)
	require.NoError(t, err)
	assert.Equal(t, []string{"z1,1000,4", "p0", "vCont;c"}, s.commands())
}

// On Arm, the instruction that a watchpoint reports has not been executed, and
// would be reported for ever.
func TestWatchpointBeforeAccess(t *testing.T) {
	t.Parallel()
	target := &Target{Architecture: "aarch64", Registers: []Register{{Name: "pc", Bits: 64}}}
	s, conn := newStub(t, map[string][]string{
		"Z": {"OK"}, "z": {"OK"}, "p0": {"0010000000000000"},
		"vCont;c": {"T05thread:p01.01;watch:44;"}, "vCont;s": {"T05thread:p01.01;", silence}, "interrupt": {"T02thread:p01.01;"},
	})
	c := s.attach(conn, Options{Target: target})
	ctx := t.Context()
	require.NoError(t, c.Insert(ctx, Breakpoint{Kind: WriteWatchpoint, Address: 0x44, Length: 4}))
	_, err := c.Continue(ctx)
	require.NoError(t, err)
	s.commands()
	_, err = c.Continue(ctx)
	require.NoError(t, err)
	assert.Equal(t, []string{"z2,44,4", "vCont;s:p1.1", "Z2,44,4", "vCont;c"}, s.commands())

	tooLong := errors.New("too long")
	_, err = c.Step(s.whenSilent(tooLong))
	require.ErrorIs(t, err, tooLong)
	require.NoError(t, c.Interrupt(ctx))
	_, err = c.Wait(ctx)
	require.NoError(t, err)
	_, err = c.PC(ctx)
	require.NoError(t, err)
	assert.Equal(t, []string{"z2,44,4", "vCont;s:p1.1", "interrupt", "Z2,44,4", "p0"}, s.commands(), "the watchpoint is not lost")
}

func TestMemoryInChunks(t *testing.T) {
	t.Parallel()
	c, s := attachStub(t, map[string][]string{
		"qSupported": {"PacketSize=200"}, "m": {strings.Repeat("aa", 254), strings.Repeat("bb", 100)}, "X": {""}, "M": {"OK"},
	})
	s.commands()
	data, err := c.ReadMemory(t.Context(), 0xfffffffffffffff0-300, 354)
	require.NoError(t, err)
	assert.Equal(t, append(bytes.Repeat([]byte{0xaa}, 254), bytes.Repeat([]byte{0xbb}, 100)...), data)
	assert.Equal(t, []string{"mfffffffffffffec4,fe", "mffffffffffffffc2,64"}, s.commands())

	require.NoError(t, c.WriteMemory(t.Context(), 0x10, bytes.Repeat([]byte{0x5a}, 300)))
	var hexDigits int
	for _, command := range s.commands() {
		assert.LessOrEqual(t, len(framed(command)), 0x200)
		_, digits, _ := strings.Cut(command, ":")
		hexDigits += len(digits)
	}
	assert.Equal(t, 600, hexDigits)
	require.NoError(t, c.WriteMemory(t.Context(), 0x10, []byte{1}))
	assert.Equal(t, []string{"M10,1:01"}, s.commands(), "X is tried once only")
}

func TestMemoryBinary(t *testing.T) {
	t.Parallel()
	c, s := attachStub(t, map[string][]string{"X": {"OK"}})
	s.commands()
	require.NoError(t, c.WriteMemory(t.Context(), 0x10, []byte("a#b$c}d*e")))
	assert.Equal(t, []string{"X10,0:", "X10,9:a}\x03b}\x04c}]d}\ne"}, s.commands())
}

func TestMonitor(t *testing.T) {
	t.Parallel()
	c, s := attachStub(t, map[string][]string{"qRcmd,": {"O" + hexText("line 1\r\n") + "\nO" + hexText("line 2\r\n") + "\nOK", hexText("at once"), "OK", "E01"}})
	s.commands()
	for _, want := range []string{"line 1\r\nline 2\r\n", "at once", ""} {
		got, err := c.Monitor(t.Context(), "info x")
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	_, err := c.Monitor(t.Context(), "info x")
	assert.Error(t, err)
	assert.Equal(t, "qRcmd,"+hexText("info x"), s.commands()[0])
}

func TestQEMUExtensions(t *testing.T) {
	t.Parallel()
	c, s := attachStub(t, map[string][]string{"qqemu.sstep": {"0x7"}, "Qqemu.": {"OK"}, "qqemu.PhyMemMode": {"1"}, "D;1": {"OK"}})
	s.commands()
	flags, err := c.StepFlags(t.Context())
	require.NoError(t, err)
	assert.Equal(t, StepEnable|StepWithoutInterrupt|StepWithoutTimer, flags)
	require.NoError(t, c.SetStepFlags(t.Context(), StepEnable))
	require.NoError(t, c.SetPhysical(t.Context(), true))
	mode, err := c.Exchange(t.Context(), "qqemu.PhyMemMode")
	require.NoError(t, err)
	assert.Equal(t, "1", mode)
	require.NoError(t, c.Detach(t.Context()))
	assert.Equal(t, []string{"qqemu.sstep", "Qqemu.sstep=1", "Qqemu.PhyMemMode:1", "qqemu.PhyMemMode", "D;1"}, s.commands())
}

func TestKill(t *testing.T) {
	t.Parallel()
	c, s := attachStub(t, map[string][]string{"vCont;c": {silence}, "interrupt": {"T02thread:p01.01;"}, "vKill;1": {"hang up"}})
	require.NoError(t, c.Resume(t.Context()))
	require.NoError(t, c.Kill(t.Context()), "a machine that runs is stopped first")
	assert.Equal(t, []string{"vCont;c", "interrupt", "vKill;1"}, s.commands()[3:])
	_, err := c.PC(t.Context())
	assert.Error(t, err)
}

func TestLog(t *testing.T) {
	t.Parallel()
	s, conn := newStub(t, map[string][]string{"m": {"00"}})
	var log bytes.Buffer
	c := s.attach(conn, Options{Log: &log})
	_, err := c.ReadMemory(t.Context(), 16, 1)
	require.NoError(t, err)
	assert.Regexp(t, `(?m)^\d\d:\d\d:\d\d\.\d{6} -> "m10,1"$`, log.String())
	assert.Regexp(t, `(?m)^\d\d:\d\d:\d\d\.\d{6} <- "00"$`, log.String())
}
