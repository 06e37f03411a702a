package recordreplay

import (
	"fmt"
	"iter"
	"os"
	"time"

	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/replay"
	"github.com/qemutest/functional/tests/internal/linux"
)

// panicked is what Linux prints when it panics.
const panicked = "Kernel panic - not syncing"

// Guest is what is recorded and replayed. The test must require the accelerator
// tcg, the only one that counts instructions.
type Guest struct {
	// Boot describes the machine. It has no network card, but for those among
	// the arguments, and ends when the guest resets.
	Boot linux.Boot
	// Shift sets how long an instruction takes: 2^Shift ns (-icount).
	Shift int
	// Until is the text on the console that ends the recording.
	Until string
	// Panics says that a kernel panic may follow Until.
	Panics bool
}

// Check records the guest until it prints the text, reads the log, and checks
// that the replay does what was recorded.
func (g Guest) Check(q *qemutest.Test) {
	r := g.record(q)
	q.Check(g.replay(q, r, patience))
}

// A recording is a machine that was recorded, and has ended.
type recording struct {
	log     string // path
	summary replay.Summary
	causes  []string // of shutdowns, in the log
	console *console.Console
	until   int64 // offset in the console of the end of Guest.Until
}

func (g Guest) record(q *qemutest.Test) recording {
	r := recording{log: q.Scratch("replay.bin")}
	vm := g.vm(q, "record", r.log)
	vm.Launch()
	start := time.Now()
	r.until = vm.WaitFor(g.Until, panicked).End
	vm.Shutdown()
	r.console = vm.Machine().Consoles()[0]

	var err error
	r.summary, err = replay.ReadFile(r.log)
	q.Check(err)
	for event := range events(r.log) {
		if event.Kind == replay.Shutdown {
			r.causes = append(r.causes, event.Name)
		}
	}
	q.Logf("recorded %d instructions and %d events in %v", r.summary.Instructions, r.summary.Events, time.Since(start))
	return r
}

// events returns the events of a log, as far as it can be read.
func events(log string) iter.Seq[replay.Event] {
	return func(yield func(replay.Event) bool) {
		file, err := os.Open(log)
		if err != nil {
			return
		}
		defer file.Close()
		reader, err := replay.NewReader(file)
		for err == nil {
			var event replay.Event
			if event, err = reader.Next(); err == nil && !yield(event) {
				return
			}
		}
	}
}

// vm describes the machine in one of the modes "record" and "replay".
func (g Guest) vm(q *qemutest.Test, mode, log string) *qemutest.VM {
	vm := g.Boot.NamedVM(q, mode).AddArgs(Args(mode, g.Shift, log)...).AddArgs("-no-reboot")
	if g.Panics {
		vm.ExpectConsole(panicked)
	}
	return vm
}

// Args returns the arguments for QEMU that record or replay ("record",
// "replay") with a log. options are further options of -icount.
func Args(mode string, shift int, log string, options ...string) []string {
	icount := fmt.Sprintf("shift=%d,rr=%s,rrfile=%s", shift, mode, log)
	for _, option := range options {
		icount += "," + option
	}
	return []string{"-icount", icount, "-net", "none"}
}
