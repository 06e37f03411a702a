package hang

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/qemutest/functional/qemutest/machine"
	"github.com/qemutest/functional/qemutest/qmp"
)

const (
	window = 300 * time.Millisecond
	age    = 90 * time.Second
)

// threads are a main thread that sleeps, and those of the CPUs, which ran and
// waited so many percent of the window.
func threads(percents ...[2]time.Duration) Process {
	p := Process{Window: window, Age: age, Threads: []Thread{{ID: 1, Name: "qemu", State: "S", Where: "do_sys_poll"}}}
	for i, percent := range percents {
		p.Threads = append(p.Threads, Thread{ID: 10 + i, Name: "CPU", State: "R", Ran: percent[0] * window / 100, Waited: percent[1] * window / 100})
	}
	return p
}

// withMain changes the main thread.
func withMain(main Thread) Process {
	p := threads()
	main.ID, main.Name = 1, "qemu"
	p.Threads[0] = main
	return p
}

// starvedFor lets the first CPU have lacked a processor for so long.
func starvedFor(p Process, waited time.Duration) Process {
	p.Threads[1].TotalWaited = waited
	return p
}

func TestClassify(t *testing.T) {
	t.Parallel()
	now := time.Now()
	cpu0 := func(pcs ...uint64) []CPU { return []CPU{{Index: 0, Thread: 10, PCs: pcs}} }
	for name, test := range map[string]struct {
		d    Diagnosis
		kind Kind
		text string
	}{
		"gone": {
			Diagnosis{Exit: machine.Exit{Kind: machine.Quit}, Silence: qmp.ErrLost},
			Gone, "QEMU is gone: QEMU quit as asked over QMP",
		},
		"main loop in the kernel": {
			Diagnosis{Silence: context.DeadlineExceeded, Process: withMain(Thread{State: "D", Where: "folio_wait_bit"})},
			MainLoopStuck, "QEMU's main loop is stuck: the monitor does not answer; the main thread waits in folio_wait_bit of the kernel (state D)",
		},
		"stopped process": {
			Diagnosis{Silence: context.DeadlineExceeded, Process: withMain(Thread{State: "T", Where: "do_signal_stop"})},
			MainLoopStuck, "QEMU's main loop is stuck: the monitor does not answer; the main thread is stopped by a signal or a debugger (state T)",
		},
		"main loop waits for a lock of a CPU": {
			Diagnosis{
				Silence: context.DeadlineExceeded, Process: threads([2]time.Duration{99, 0}), ended: now,
				Pending: []qmp.Pending{{Command: "screendump", Since: now.Add(-3 * time.Second)}},
			},
			MainLoopStuck, "QEMU's main loop is stuck: the monitor does not answer, since it was given screendump 3s ago; " +
				"the main thread waits in do_sys_poll of the kernel (state S), thread 10 (CPU) runs, with 99% of a processor",
		},
		"main loop loops": {
			Diagnosis{Silence: context.DeadlineExceeded, Process: withMain(Thread{State: "R", Ran: window})},
			MainLoopStuck, "QEMU's main loop is stuck: the monitor does not answer; the main thread runs, with 100% of a processor",
		},
		"silent, and nothing known": {
			Diagnosis{Silence: context.DeadlineExceeded},
			MainLoopStuck, "QEMU's main loop is stuck: the monitor does not answer",
		},
		"monitor closed": {
			Diagnosis{Silence: qmp.ErrLost},
			MainLoopStuck, "QEMU's main loop is stuck: it closed the monitor and has not ended",
		},
		"main loop has no processor": {
			Diagnosis{
				Silence: context.DeadlineExceeded, Load: Load{8.5, 2},
				Process: withMain(Thread{State: "R", Ran: window / 10, Waited: window * 9 / 10}),
			},
			Overloaded, "host overloaded: QEMU's main thread lacked a processor for 90% of the time that it had to answer (load 8.5 on 2 processors)",
		},
		"stopped": {
			Diagnosis{
				RunState: "io-error", CPUs: cpu0(0x7c00, 0x7c00), Process: threads([2]time.Duration{0, 0}), ended: now,
				Cause: &qmp.Event{Name: "BLOCK_IO_ERROR", Data: []byte(`{"device":"hd0"}`), Received: now.Add(-1500 * time.Millisecond)},
			},
			Stopped, `guest stopped: run state io-error: a disk failed and its policy is to stop (werror, rerror); event BLOCK_IO_ERROR {"device":"hd0"} 1.5s ago`,
		},
		"stopped in a way of the future": {
			Diagnosis{RunState: "stasis"}, Stopped, "guest stopped: run state stasis",
		},
		"idle": {
			Diagnosis{RunState: "running", CPUs: cpu0(0x7c16, 0x7c16), Process: threads([2]time.Duration{3, 1})},
			Idle, "guest idle: CPU 0 is halted at pc 0x7c16; it waits for an interrupt, for input, or for good",
		},
		"idle on a busy host": {
			Diagnosis{RunState: "running", CPUs: cpu0(0x10, 0x20), Process: starvedFor(threads([2]time.Duration{3, 1}), 60*time.Second)},
			Idle, "guest idle: CPU 0 is halted between pc 0x10 and 0x20; it waits for an interrupt, for input, or for good; the busy host made everything take 3.0 times longer",
		},
		"spinning, and waiting for a processor since long": {
			Diagnosis{
				RunState: "running", CPUs: cpu0(0x7c05, 0x7c05),
				Process: Process{Window: window, Looks: 5, Threads: []Thread{{ID: 1}, {ID: 10, State: "R", Ready: 5, Ran: window / 10}}},
			},
			Spinning, "guest spins: CPU 0 uses 10% of a processor and was seen 2 times at pc 0x7c05",
		},
		"idle now and then": {
			Diagnosis{RunState: "running", CPUs: cpu0(0x10, 0x20), Process: threads([2]time.Duration{30, 10}), Registers: []string{"", ""}},
			Idle, "guest idle: CPU 0 is halted most of the time between pc 0x10 and 0x20; it waits for an interrupt, for input, or for good",
		},
		"idle, and each timer waits for a processor": {
			Diagnosis{
				RunState: "running", Process: threads([2]time.Duration{1, 80}), Registers: []string{"", ""},
				CPUs: []CPU{{Thread: 10, PCs: []uint64{1, 1}, Halted: 2}},
			},
			Idle, "guest idle: CPU 0 is halted at pc 0x1; it waits for an interrupt, for input, or for good",
		},
		"idle, by its registers": {
			Diagnosis{RunState: "running", Registers: []string{"", ""}, CPUs: []CPU{{PCs: []uint64{1, 1}, Halted: 2}}},
			Idle, "guest idle: CPU 0 is halted at pc 0x1; it waits for an interrupt, for input, or for good",
		},
		"asleep until it was asked": {
			Diagnosis{
				RunState: "running", CPUs: cpu0(0xc0aa2c78, 0xc0d37408), Process: threads([2]time.Duration{70, 20}),
				Wait: Spell{Lasted: 223 * time.Second, Lacked: time.Second, Ran: 50 * time.Millisecond},
			},
			Overslept, "QEMU overslept: it did nothing for the last 3m43s, and the guest goes on since the monitor was asked; its main loop missed a timer or an event",
		},
		"idle for a while, then busy": {
			Diagnosis{
				RunState: "running", CPUs: cpu0(0x1000, 0x2000), Process: threads([2]time.Duration{90, 10}),
				Wait: Spell{Lasted: 20 * time.Second, Ran: time.Second},
			},
			Busy, "guest busy: CPU 0 uses 90% of a processor and was seen 2 times between pc 0x1000 and 0x2000; it needs more time, or goes round in a wide circle",
		},
		"spinning in place": {
			Diagnosis{RunState: "running", CPUs: cpu0(0x7c05, 0x7c05), Process: threads([2]time.Duration{99, 0})},
			Spinning, "guest spins: CPU 0 uses 99% of a processor and was seen 2 times at pc 0x7c05",
		},
		"spinning beside an idle CPU": {
			Diagnosis{
				RunState: "running", Process: threads([2]time.Duration{99, 1}, [2]time.Duration{0, 0}),
				CPUs: []CPU{{Index: 0, Thread: 10, PCs: []uint64{0x1000, 0x1ffc}}, {Index: 1, Thread: 11, PCs: []uint64{0, 1 << 60}}},
			},
			Spinning, "guest spins: CPU 0 uses 99% of a processor and was seen 2 times between pc 0x1000 and 0x1ffc",
		},
		"spinning on many CPUs": {
			Diagnosis{RunState: "running", Process: threads([2]time.Duration{90, 0}), CPUs: []CPU{
				{0, 10, []uint64{1, 1}, 0}, {1, 10, []uint64{1, 1}, 0}, {2, 10, []uint64{1, 1}, 0},
				{3, 10, []uint64{1, 1}, 0}, {4, 10, []uint64{1, 1}, 0}, {5, 10, []uint64{1, 1}, 0},
			}},
			Spinning, "guest spins: CPU 0 uses 90% of a processor and was seen 2 times at pc 0x1, CPU 1 uses 90% of a processor and was seen 2 times at pc 0x1, " +
				"CPU 2 uses 90% of a processor and was seen 2 times at pc 0x1, CPU 3 uses 90% of a processor and was seen 2 times at pc 0x1, 2 more CPUs",
		},
		"spinning where only the process is known": {
			Diagnosis{RunState: "running", CPUs: cpu0(0x7c05, 0x7c05), Process: withMain(Thread{State: "R", Ran: window})},
			Spinning, "guest spins: CPU 0 was seen 2 times at pc 0x7c05",
		},
		"busy": {
			Diagnosis{RunState: "running", CPUs: cpu0(0x1000, 0x2000), Process: threads([2]time.Duration{90, 10})},
			Busy, "guest busy: CPU 0 uses 90% of a processor and was seen 2 times between pc 0x1000 and 0x2000; it needs more time, or goes round in a wide circle",
		},
		"overloaded": {
			Diagnosis{RunState: "running", CPUs: cpu0(0x1000, 0x1004), Process: starvedFor(threads([2]time.Duration{10, 90}), 60*time.Second), Load: Load{12, 4}},
			Overloaded, "host overloaded: QEMU lacked a processor for 1m0s of its 1m30s, so everything takes 3.0 times longer (load 12.0 on 4 processors); CPU 0 was seen between pc 0x1000 and 0x1004",
		},
		"overloaded in the wait": {
			Diagnosis{
				RunState: "running", CPUs: cpu0(0x1000, 0x1004), Process: starvedFor(threads([2]time.Duration{10, 90}), 10*time.Second),
				Wait: Spell{Lasted: 10 * time.Second, Lacked: 9 * time.Second}, Load: Load{12, 4},
			},
			Overloaded, "host overloaded: QEMU lacked a processor for 9s of the last 10s, so the wait would have needed 10.0 times longer at this load " +
				"(load 12.0 on 4 processors); CPU 0 was seen between pc 0x1000 and 0x1004",
		},
		"overloaded before the wait": {
			Diagnosis{
				RunState: "running", CPUs: cpu0(0x7c05, 0x7c05), Process: starvedFor(threads([2]time.Duration{90, 10}), 60*time.Second),
				Wait: Spell{Lasted: 10 * time.Second, Lacked: 2 * time.Second, Ran: 8 * time.Second},
			},
			Spinning, "guest spins: CPU 0 uses 90% of a processor and was seen 2 times at pc 0x7c05; the busy host made the wait 1.2 times longer",
		},
		"overloaded, without a monitor": {
			Diagnosis{NoMonitor: true, Process: starvedFor(threads([2]time.Duration{10, 90}), 80*time.Second)},
			Overloaded, "host overloaded: QEMU lacked a processor for 1m20s of its 1m30s, so everything takes 9.0 times longer (load 0.0 on 0 processors)",
		},
		"no monitor": {
			Diagnosis{NoMonitor: true, Process: threads([2]time.Duration{100, 0})},
			Unknown, "unknown: the machine has no monitor to ask; the busiest thread of QEMU uses 100% of a processor",
		},
		"no CPU": {
			Diagnosis{RunState: "running", Process: threads()},
			Unknown, "unknown: the guest runs, but the machine has no CPU; the busiest thread of QEMU uses 0% of a processor",
		},
		"registers that tell nothing": {
			Diagnosis{RunState: "running", CPUs: cpu0(), Process: threads([2]time.Duration{100, 0})},
			Unknown, "unknown: the guest runs, CPU 0 tells no program counter; the busiest thread of QEMU uses 100% of a processor",
		},
		"a host that tells nothing": {
			Diagnosis{RunState: "running", CPUs: cpu0(0x40, 0x40)},
			Unknown, "unknown: the guest runs, CPU 0 was seen only at pc 0x40, where it may be halted or loop",
		},
		"nothing": {Diagnosis{}, Unknown, "unknown: the guest runs, but the machine has no CPU"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.d.Kind = test.d.classify()
			assert.Equal(t, test.kind.String(), test.d.Kind.String())
			assert.Equal(t, test.text, test.d.String())
			assert.Contains(t, test.d.Details(), test.text+" ("+test.kind.String()+")\n")
		})
	}
}

func TestKindNames(t *testing.T) {
	t.Parallel()
	assert.Len(t, kindNames, int(Overloaded)+1)
	assert.Equal(t, "main-loop-stuck", MainLoopStuck.String())
	assert.Equal(t, "Kind(99)", Kind(99).String())
}

func TestSlowdown(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 1.0, Diagnosis{}.Slowdown(), "nothing known")
	assert.Equal(t, 1.0, Diagnosis{Process: threads()}.Slowdown())
	always := starvedFor(threads([2]time.Duration{0, 100}), age)
	assert.Equal(t, 1000.0, Diagnosis{Process: always}.Slowdown(), "it never ran")
}
