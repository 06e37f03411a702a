package console

import (
	"bytes"
	"fmt"
	"time"
)

// maxLine is how much of a line a Line holds, in bytes.
const maxLine = 1024

// A Line is one line of the transcript.
type Line struct {
	Time    time.Time     // when its first byte arrived
	Elapsed time.Duration // from New to Time
	Text    string        // without its end; of a line over 1 KiB the end of it
}

// String returns the line for people: the seconds since New, and the text
// without escape sequences and with other control characters escaped.
func (l Line) String() string {
	return fmt.Sprintf("[%12.6f] %s", l.Elapsed.Seconds(), printable(l.Text))
}

// Tail returns the last n lines of the transcript, at most 256, oldest first.
// The last of them may still be growing. It works after Close, too.
func (c *Console) Tail(n int) []Line {
	c.mu.Lock()
	lines := c.closing
	c.mu.Unlock()
	if lines == nil {
		return c.tail(n)
	}
	return lines[max(0, len(lines)-max(0, n)):]
}

// tail reads the last n lines from the transcript.
func (c *Console) tail(n int) []Line {
	c.text.mu.Lock()
	starts, end := c.text.lines.tail(n), c.text.size
	c.text.mu.Unlock()

	lines := make([]Line, len(starts))
	for i := len(starts) - 1; i >= 0; i-- {
		start := starts[i]
		lines[i] = Line{start.time, start.time.Sub(c.opened), c.lineText(start.offset, end)}
		end = start.offset
	}
	return lines
}

// lineText returns the text of a line without its end.
func (c *Console) lineText(start, end int64) string {
	cut := end-start > maxLine
	if cut {
		start = end - maxLine
	}
	p, err := c.text.slice(start, end)
	if err != nil {
		return "(cannot be read back: " + err.Error() + ")"
	}
	p = bytes.TrimRight(p, "\r\n")
	if cut {
		return "…" + string(p)
	}
	return string(p)
}
