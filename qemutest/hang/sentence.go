package hang

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/qemutest/functional/qemutest/qmp"
)

// String says in a sentence, without a full stop, why the machine does not get
// on.
func (d Diagnosis) String() string {
	switch d.Kind {
	case Gone:
		return "QEMU is gone: " + d.Exit.String()
	case MainLoopStuck:
		return "QEMU's main loop is stuck: " + d.silent()
	case Stopped:
		return "guest stopped: " + d.stopped()
	case Idle:
		return "guest idle: " + d.idle()
	case Overslept:
		return "QEMU overslept: " + d.overslept()
	case Spinning:
		return "guest spins: " + d.busy()
	case Busy:
		return "guest busy: " + d.busy() + "; it needs more time, or goes round in a wide circle"
	case Overloaded:
		return "host overloaded: " + d.overloaded()
	default:
		return "unknown: " + d.unknown()
	}
}

func (d Diagnosis) silent() string {
	if errors.Is(d.Silence, qmp.ErrLost) {
		return "it closed the monitor and has not ended" + d.mainThread()
	}
	text := "the monitor does not answer"
	if len(d.Pending) > 0 {
		oldest := d.Pending[0]
		text += fmt.Sprintf(", since it was given %s %v ago", oldest.Command, d.ended.Sub(oldest.Since).Round(time.Millisecond))
	}
	return text + d.mainThread()
}

// mainThread says what the main thread does, and the busiest one if that is
// another.
func (d Diagnosis) mainThread() string {
	if len(d.Process.Threads) == 0 {
		return ""
	}
	main := d.Process.Threads[0]
	text := "; the main thread " + d.activity(main)
	if busiest := d.Process.busiest(); busiest.ID != main.ID && d.Process.wanted(*busiest) >= someShare {
		text += fmt.Sprintf(", thread %d (%s) %s", busiest.ID, busiest.Name, d.activity(*busiest))
	}
	return text
}

// someShare is the part of the time from which a thread is worth a word.
const someShare = 0.2

// activity says what a thread does.
func (d Diagnosis) activity(t Thread) string {
	used := percent(d.Process.share(t.Ran))
	switch {
	case t.State == "T" || t.State == "t":
		return "is stopped by a signal or a debugger (state " + t.State + ")"
	case d.Process.wanted(t) >= someShare:
		return "runs, with " + used + " of a processor"
	case t.Where != "":
		return fmt.Sprintf("waits in %s of the kernel (state %s)", t.Where, t.State)
	default:
		return fmt.Sprintf("waits (state %s, %s of a processor)", t.State, used)
	}
}

// states explain run states.
var states = map[string]string{
	"prelaunch":      "QEMU was started with -S, or told to wait, and nothing continued it",
	"paused":         "something stopped it (QMP stop, a debugger)",
	"debug":          "a debugger holds it",
	"io-error":       "a disk failed and its policy is to stop (werror, rerror)",
	"watchdog":       "its watchdog expired",
	"guest-panicked": "it reported a panic",
	"internal-error": "the accelerator cannot go on, see QEMU's output",
	"inmigrate":      "it waits for an incoming migration",
	"postmigrate":    "it has been migrated away",
	"finish-migrate": "it is being migrated away",
	"save-vm":        "a snapshot is being taken",
	"restore-vm":     "a snapshot is being loaded",
	"suspended":      "it sleeps (S3) until something wakes it",
	"shutdown":       "it powered off, and QEMU was told to stay (-no-shutdown)",
}

func (d Diagnosis) stopped() string {
	text := "run state " + d.RunState
	if state, known := states[d.RunState]; known {
		text += ": " + state
	}
	if d.Cause != nil {
		text += fmt.Sprintf("; event %s %v ago", d.Cause, d.ended.Sub(d.Cause.Received).Round(time.Millisecond))
	}
	return text
}

func (d Diagnosis) idle() string {
	cpus := make([]string, len(d.CPUs))
	for i, cpu := range d.CPUs {
		cpus[i] = fmt.Sprintf("CPU %d is halted", cpu.Index)
		if use, known := d.use(cpu); known && use >= someShare && cpu.Halted < len(d.Registers) {
			cpus[i] += " most of the time"
		}
		if len(cpu.PCs) > 0 {
			cpus[i] += " " + cpu.place()
		}
	}
	return shorten(cpus) + "; it waits for an interrupt, for input, or for good" + d.alsoSlow()
}

func (d Diagnosis) overslept() string {
	return fmt.Sprintf("it did nothing for the last %v, and the guest goes on since the monitor was asked; its main loop missed a timer or an event",
		d.Wait.Lasted.Round(100*time.Millisecond))
}

func (d Diagnosis) busy() string {
	busy := d.busyCPUs()
	cpus := make([]string, len(busy))
	for i, cpu := range busy {
		cpus[i] = fmt.Sprintf("CPU %d", cpu.Index)
		if t := d.Process.thread(cpu.Thread); t != nil {
			cpus[i] += fmt.Sprintf(" uses %s of a processor and", percent(d.Process.share(t.Ran)))
		}
		cpus[i] += fmt.Sprintf(" was seen %d times %s", len(cpu.PCs), cpu.place())
	}
	return shorten(cpus) + d.alsoSlow()
}

// place says where the CPU was seen.
func (c CPU) place() string {
	if low, high := c.pcRange(); low != high {
		return fmt.Sprintf("between pc %#x and %#x", low, high)
	}
	return fmt.Sprintf("at pc %#x", c.PCs[0])
}

// alsoSlow mentions a host that slowed the machine down, but is not to blame.
func (d Diagnosis) alsoSlow() string {
	slowdown := d.Slowdown()
	switch {
	case slowdown < 1.2:
		return ""
	case d.Wait.Lasted > 0:
		return fmt.Sprintf("; the busy host made the wait %.1f times longer", slowdown)
	default:
		return fmt.Sprintf("; the busy host made everything take %.1f times longer", slowdown)
	}
}

func (d Diagnosis) overloaded() string {
	var text string
	slowdown := d.Slowdown()
	switch {
	case slowdown >= overload && d.Wait.Lasted > 0:
		text = fmt.Sprintf("QEMU lacked a processor for %v of the last %v, so the wait would have needed %.1f times longer at this load",
			d.Wait.Lacked.Round(100*time.Millisecond), d.Wait.Lasted.Round(100*time.Millisecond), slowdown)
	case slowdown >= overload:
		text = fmt.Sprintf("QEMU lacked a processor for %v of its %v, so everything takes %.1f times longer",
			d.Process.longestWait().Round(100*time.Millisecond), d.Process.Age.Round(100*time.Millisecond), slowdown)
	default:
		main := d.Process.Threads[0]
		text = fmt.Sprintf("QEMU's main thread lacked a processor for %s of the time that it had to answer", percent(d.Process.share(main.Waited)))
	}
	text += fmt.Sprintf(" (load %.1f on %d processors)", d.Load.Average, d.Load.Processors)
	if seen := slices.DeleteFunc(d.busyCPUs(), func(cpu CPU) bool { return len(cpu.PCs) == 0 }); len(seen) > 0 {
		text += fmt.Sprintf("; CPU %d was seen %s", seen[0].Index, seen[0].place())
	}
	return text
}

func (d Diagnosis) unknown() string {
	var text string
	switch {
	case d.NoMonitor:
		text = "the machine has no monitor to ask"
	case len(d.CPUs) == 0:
		text = "the guest runs, but the machine has no CPU"
	default:
		text = "the guest runs"
		for _, cpu := range slices.DeleteFunc(d.busyCPUs(), func(cpu CPU) bool { return !d.unclear(cpu) }) {
			text += fmt.Sprintf(", CPU %d", cpu.Index)
			if len(cpu.PCs) > 0 {
				text += " was seen only " + cpu.place() + ", where it may be halted or loop"
			} else {
				text += " tells no program counter"
			}
		}
	}
	if busiest := d.Process.busiest(); busiest != nil {
		text += fmt.Sprintf("; the busiest thread of QEMU uses %s of a processor", percent(d.Process.share(busiest.Ran)))
	}
	return text + d.alsoSlow()
}

// shorten joins a list, of which the first four are enough for a sentence.
func shorten(list []string) string {
	const enough = 4
	if len(list) > enough {
		list = append(slices.Clone(list[:enough]), fmt.Sprintf("%d more CPUs", len(list)-enough))
	}
	return strings.Join(list, ", ")
}

func percent(share float64) string { return fmt.Sprintf("%.0f%%", 100*share) }

// Details returns several lines: the sentence, and what it was judged from.
func (d Diagnosis) Details() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n", d, d.Kind)
	fmt.Fprintf(&b, "run state: %s\n", d.RunState)
	if d.Silence != nil {
		fmt.Fprintf(&b, "monitor: %v\n", d.Silence)
	}
	fmt.Fprintf(&b, "host: load %.2f, %d processors; it made everything take %.2f times longer\n",
		d.Load.Average, d.Load.Processors, d.Slowdown())
	for _, cpu := range d.CPUs {
		fmt.Fprintf(&b, "CPU %d: thread %d, pc %#x, halted at %d of %d looks\n",
			cpu.Index, cpu.Thread, cpu.PCs, cpu.Halted, len(d.Registers))
	}
	fmt.Fprintf(&b, "threads of QEMU (%v old), in the last %v and in total:\n", d.Process.Age.Round(time.Millisecond), d.Process.Window.Round(time.Millisecond))
	for _, t := range d.Process.Threads {
		fmt.Fprintf(&b, "  %d %-16s %s (R at %d of %d looks) %-24s ran %v, lacked a processor %v; ran %v, lacked a processor %v\n",
			t.ID, t.Name, t.State, t.Ready, d.Process.Looks, t.Where, t.Ran, t.Waited, t.TotalRan, t.TotalWaited)
	}
	return b.String()
}
