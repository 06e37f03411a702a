package qemutest

import (
	"time"

	"github.com/qemutest/functional/console"
)

// Console is one serial console of a [VM]. Every wait begins where the match
// of the one before ended, so what the guest printed while the test looked
// elsewhere is found, and lines of the kernel in the middle of it do no harm. All
// waits end with the time of the test, when the guest reports a failure that is
// always watched for (a kernel panic, for example; see package rules), and when
// QEMU ends.
type Console struct {
	vm    *VM
	index int
}

// Serial returns the console of the serial port with this index, which
// [VM.SetConsole] or [VM.AddConsole] connected.
func (vm *VM) Serial(index int) *Console {
	return &Console{vm: vm, index: index}
}

// SetConsoleOptions says how the console is recorded, searched and typed on, for
// guests that are not like others: a pause after each character for one that
// loses some (Pace), no echo of what is typed (NoEcho), another LineEnding,
// escape sequences that patterns should not see (StripANSI). It must come before
// [VM.Launch], in any order with what chooses the console.
//
// The rules in Watch are added to those that all consoles are watched for. An
// empty Name, LogPath or TimedLogPath is filled in.
func (c *Console) SetConsoleOptions(options console.Options) {
	c.vm.test.t.Helper()
	c.vm.describe()
	i := c.vm.portIndex(c.index)
	if i < 0 {
		c.vm.test.t.Fatalf("machine %q: console %d is not connected: use SetConsole or AddConsole before", c.vm.Name(), c.index)
	}
	c.vm.ports[i].Options = options
}

// WaitFor waits until the guest prints text, and fails the test if it prints
// one of the failure texts first.
func (c *Console) WaitFor(text string, failures ...string) console.Match {
	c.vm.test.t.Helper()
	return c.Wait(console.Wait{
		Success: []console.Pattern{console.Text(text)},
		Failure: texts(failures),
	})
}

// WaitForRegexp waits until the guest prints what matches a regular expression
// in Go's syntax ([regexp/syntax]).
func (c *Console) WaitForRegexp(expr string, failures ...string) console.Match {
	c.vm.test.t.Helper()
	return c.Wait(console.Wait{
		Success: []console.Pattern{console.Regexp(expr)},
		Failure: texts(failures),
	})
}

// WaitForAny waits for the first of several texts; the Index of the match tells
// which one it was.
func (c *Console) WaitForAny(first string, others ...string) console.Match {
	c.vm.test.t.Helper()
	return c.Wait(console.Wait{Success: texts(append([]string{first}, others...))})
}

// Wait waits as w says, for tests that need more than text: several patterns,
// a time limit of this wait alone, a limit of silence.
func (c *Console) Wait(w console.Wait) console.Match {
	c.vm.test.t.Helper()
	transcript := c.transcript()
	defer c.vm.waiting()()
	match, err := transcript.Wait(c.vm.test.ctx, w)
	return c.matched(match, err)
}

// Send types text, without a line ending.
func (c *Console) Send(text string) {
	c.vm.test.t.Helper()
	c.vm.step("console %d: sending %q", c.index, text)
	if err := c.transcript().Send(c.vm.test.ctx, text); err != nil {
		c.vm.fail(err)
	}
}

// SendLine types a line and presses Enter.
func (c *Console) SendLine(line string) {
	c.vm.test.t.Helper()
	c.vm.step("console %d: sending line %q", c.index, line)
	if err := c.transcript().SendLine(c.vm.test.ctx, line); err != nil {
		c.vm.fail(err)
	}
}

// Exec types a command, presses Enter, and waits until the guest prints text
// after the echo of the command: the echo is not taken for the answer. It fails
// the test if the guest prints one of the failure texts first.
func (c *Console) Exec(command, text string, failures ...string) console.Match {
	c.vm.test.t.Helper()
	return c.ExecWait(command, console.Wait{
		Success: []console.Pattern{console.Text(text)},
		Failure: texts(failures),
	})
}

// ExecWait is [Console.Exec] with all that a wait can say.
func (c *Console) ExecWait(command string, w console.Wait) console.Match {
	c.vm.test.t.Helper()
	c.vm.step("console %d: executing %q", c.index, command)
	transcript := c.transcript()
	defer c.vm.waiting()()
	match, err := transcript.Exec(c.vm.test.ctx, command, w)
	return c.matched(match, err)
}

// InterruptUntil types keys again and again, at the given interval, until the
// guest prints text: the way to stop the countdown of a boot loader. It fails
// the test if the guest prints one of the failure texts first.
func (c *Console) InterruptUntil(keys string, every time.Duration, text string, failures ...string) console.Match {
	c.vm.test.t.Helper()
	c.vm.step("console %d: sending %q every %v", c.index, keys, every)
	transcript := c.transcript()
	defer c.vm.waiting()()
	match, err := transcript.InterruptUntil(c.vm.test.ctx, keys, every, console.Wait{
		Success: []console.Pattern{console.Text(text)},
		Failure: texts(failures),
	})
	return c.matched(match, err)
}

func (c *Console) matched(match console.Match, err error) console.Match {
	c.vm.test.t.Helper()
	if err != nil {
		c.vm.fail(err)
	}
	c.vm.step("console %d: found %q", c.index, match.Text)
	return match
}

// transcript returns the console underneath.
func (c *Console) transcript() *console.Console {
	c.vm.test.t.Helper()
	t := c.vm.Machine().Console(c.index)
	if t == nil {
		c.vm.test.t.Fatalf("machine %q: console %d is not connected: use SetConsole or AddConsole before Launch", c.vm.Name(), c.index)
	}
	return t
}

func texts(list []string) []console.Pattern {
	patterns := make([]console.Pattern, len(list))
	for i, text := range list {
		patterns[i] = console.Text(text)
	}
	return patterns
}
