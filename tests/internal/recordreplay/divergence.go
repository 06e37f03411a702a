package recordreplay

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/qemutest/machine"
)

// divergence is a replay that left the way of its recording.
type divergence struct {
	trouble    error  // what became of the replay
	difference error  // of the consoles
	at, end    int64  // instructions replayed, when last seen, and recorded
	next       string // event of the log
}

func (d *divergence) Error() string {
	var b strings.Builder
	b.WriteString("expected the replay to do what was recorded, but ")
	for i, err := range []error{d.trouble, d.difference} {
		if err == nil {
			continue
		}
		if i > 0 && d.trouble != nil {
			b.WriteString("\n")
		}
		b.WriteString(err.Error())
	}
	fmt.Fprintf(&b, "\nlast seen at instruction %d of %d", d.at, d.end)
	if d.next != "" {
		fmt.Fprintf(&b, ", where the log goes on with: %s", d.next)
	}
	return b.String()
}

// Unwrap returns what became of the replay and how the consoles differ.
func (d *divergence) Unwrap() []error {
	var errs []error
	for _, err := range []error{d.trouble, d.difference} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// sameEnd compares the end of a replay with that of the recording, which is in
// the log too.
func (r recording) sameEnd(exit machine.Exit) error {
	if exit.Status != 0 || exit.Signal != 0 || exit.Kind == machine.Sanitizer {
		return exit.Err()
	}
	if !slices.Contains(r.causes, exit.Reason) {
		return fmt.Errorf("%s, while the recording ended for one of the reasons %q", exit, r.causes)
	}
	return nil
}

// sameConsole compares what was replayed with what was recorded. QEMU goes on
// for a moment with what it records when it is asked to end, so the last bytes,
// after the text that the test waited for, may be missing in one of them.
func (r recording) sameConsole(replayed *console.Console) error {
	want, err := contents(r.console)
	if err != nil {
		return err
	}
	got, err := contents(replayed)
	if err != nil {
		return err
	}
	common := commonPrefix(want, got)
	if common >= int(r.until) && (common == len(want) || common == len(got)) {
		return nil
	}
	return fmt.Errorf("its console differs at byte %d, in line %d: %q was recorded, %q replayed",
		common, 1+bytes.Count(want[:common], []byte("\n")), lineFrom(want, common), lineFrom(got, common))
}

// contents returns what a console has printed so far.
func contents(c *console.Console) ([]byte, error) {
	return io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
}

// commonPrefix returns how many bytes a and b have in common at their beginning.
func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// lineFrom returns the line around an offset, without its end.
func lineFrom(text []byte, offset int) []byte {
	start := bytes.LastIndexByte(text[:offset], '\n') + 1
	line, _, _ := bytes.Cut(text[start:], []byte("\n"))
	return bytes.TrimRight(line, "\r")
}

// nextEvent returns the first event of a log after so many instructions.
func nextEvent(log string, instructions int64) string {
	for event := range events(log) {
		if event.Instructions > instructions {
			return event.String()
		}
	}
	return ""
}
