package replay

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

// A Summary is what a complete log amounts to.
type Summary struct {
	Version      uint32
	Events       int64          // the end event included
	Instructions int64          // the last instruction count of the recording
	Counts       map[Kind]int64 // how many events there are of each kind

	// Shutdowns is how often a shutdown or reset was requested, by the cause in
	// QAPI's words, like "host-qmp-quit".
	Shutdowns map[string]int64

	// FirstShutdown is the instruction count at which a replay meets the first
	// of these requests; without one it is Instructions. QEMU does not note down
	// how many instructions were executed when it notes down a request, so a
	// replay meets it at the event before: earlier than it was made, and at 0 if
	// nothing else had come to the machine by then.
	FirstShutdown int64
}

// ReadFile reads a log from its header to its end event.
func ReadFile(name string) (Summary, error) {
	f, err := os.Open(name)
	if err != nil {
		return Summary{}, err
	}
	defer f.Close()
	summary, err := Summarize(f)
	if err != nil {
		return Summary{}, fmt.Errorf("%s: %w", name, err)
	}
	return summary, nil
}

// Summarize reads a log from its header to its end event.
func Summarize(in io.Reader) (Summary, error) {
	r, err := NewReader(in)
	if err != nil {
		return Summary{}, err
	}
	s := Summary{Version: r.Version(), Counts: make(map[Kind]int64), Shutdowns: make(map[string]int64)}
	for {
		e, err := r.Next()
		if err == io.EOF {
			if len(s.Shutdowns) == 0 {
				s.FirstShutdown = s.Instructions
			}
			return s, nil
		} else if err != nil {
			return Summary{}, err
		}
		s.Events, s.Instructions = e.Number, e.Instructions
		s.Counts[e.Kind]++
		if e.Kind == Shutdown {
			if len(s.Shutdowns) == 0 {
				s.FirstShutdown = e.Instructions
			}
			s.Shutdowns[e.Name]++
		}
	}
}

// Dump reads a log and writes each event as a line of text. In front is a line
// with the version. If the log is damaged, all events before the damage
// are written.
func Dump(out io.Writer, in io.Reader) (err error) {
	w := bufio.NewWriter(out)
	defer func() {
		if flushed := w.Flush(); err == nil {
			err = flushed
		}
	}()
	r, err := NewReader(in)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "replay log, version %#x\n", r.Version())
	for {
		e, err := r.Next()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		fmt.Fprintln(w, e) // the error of a write stays with w
	}
}
