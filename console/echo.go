package console

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// An echo recognizes the echo of a command. Only the visible characters count,
// of the command as of the transcript: those that are neither white space nor
// control characters nor part of an escape sequence. So it does not matter
// where and how a terminal driver or a line editor breaks the line.
type echo struct {
	command string
	sentAt  int64    // where the transcript ended before the command was sent
	lines   [][]byte // the visible characters of each line that has any

	// Listening for the first echo, over the stream:
	strip   stripper
	next    int64 // offset of the first byte not yet seen
	line    int   // the line that is listened for
	matched int   // how much of it the stream ends with
	longest int   // the most of it there was
	borders []int // see borders
	end     int64 // where the echo ends, once all lines were seen
}

// newEcho returns the echo of a command that is sent when the transcript has
// the length sentAt, nil if it has no visible characters.
func newEcho(command string, sentAt int64) *echo {
	e := &echo{command: command, sentAt: sentAt, next: sentAt}
	for line := range strings.FieldsFuncSeq(command, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if seen, _ := visible([]byte(line)); len(seen) > 0 {
			e.lines = append(e.lines, seen)
		}
	}
	if len(e.lines) == 0 {
		return nil
	}
	e.borders = borders(e.lines[0])
	return e
}

// visible returns the visible characters of p and the offset of each.
func visible(p []byte) (seen []byte, offsets []int) {
	var strip stripper
	for i, b := range p {
		if isVisible(&strip, b) {
			seen, offsets = append(seen, b), append(offsets, i)
		}
	}
	return seen, offsets
}

// isVisible reports whether b, the next byte of a stream, is a visible
// character or part of one.
func isVisible(strip *stripper, b byte) bool {
	return strip.keep(b) && b > ' ' && b != 0x7f
}

// scan looks at p, which starts at the offset pos and may begin with what was
// seen before. It returns the length of p up to the end of the echo.
func (e *echo) scan(p []byte, pos int64) (n int, seen bool) {
	for i := e.next - pos; e.end == 0 && i < int64(len(p)); i++ {
		e.next++
		if isVisible(&e.strip, p[i]) {
			e.advance(p[i])
		}
	}
	n = int(e.end - pos)
	return n, e.end > 0 && n <= len(p)
}

// advance takes the next visible character of the stream.
func (e *echo) advance(b byte) {
	line := e.lines[e.line]
	for e.matched > 0 && line[e.matched] != b {
		e.matched = e.borders[e.matched-1]
	}
	if line[e.matched] == b {
		e.matched++
	}
	e.longest = max(e.longest, e.matched)
	if e.matched < len(line) {
		return
	}
	if e.line++; e.line == len(e.lines) {
		e.end = e.next
		return
	}
	e.borders, e.matched, e.longest = borders(e.lines[e.line]), 0, 0
}

// borders returns, for each start of p, the length of the longest shorter one
// that it ends with: where the search of Knuth, Morris and Pratt goes on when
// the next character is another than expected.
func borders(p []byte) []int {
	b := make([]int, len(p))
	for i, k := 1, 0; i < len(p); i++ {
		for k > 0 && p[i] != p[k] {
			k = b[k-1]
		}
		if p[i] == p[k] {
			k++
		}
		b[i] = k
	}
	return b
}

// seenAt reports whether the echo ends at an offset.
func (e *echo) seenAt(offset int64) bool { return e.end > 0 && e.end == offset }

// hint explains to the reader of an error that the echo did not come.
func (e *echo) hint() string {
	why := "set Options.NoEcho if this guest does not echo, and see that it reads this console"
	if e.line > 0 || e.longest > 0 {
		why = "set Options.Pace if this guest loses characters, and see that it takes lines of this length"
	}
	return fmt.Sprintf("the guest has not echoed the command %q (at most %d of the %d visible characters of line %d): %s",
		e.command, e.longest, len(e.lines[e.line]), e.line+1, why)
}

// A likeness says whether a match is part of an echo.
type likeness int

const (
	noEcho      likeness = iota
	partialEcho          // so far; the transcript ends before the echo would
	wholeEcho            // the transcript ends before it is clear that the line does, too
	certainEcho
)

// covers reports whether m is part of an echo of the command, a further one
// as a rule: of a line of it that stands at the end of a line of the
// transcript. While that is not certain it waits for more of the transcript;
// if none comes, a whole line is an echo and part of one is not.
//
// Once a command of several lines has been echoed, nothing more is taken for
// an echo: its lines may well be what it prints.
func (e *echo) covers(t *transcript, m Match, wait more) bool {
	if e.end > 0 && len(e.lines) > 1 {
		return false
	}
	reach := int64(4*len(e.command) + 1024) // room for prompts and escape sequences
	from := max(e.sentAt, m.Start-reach)
	for {
		end := t.length()
		p, err := t.slice(from, min(end, m.End+reach))
		if err != nil {
			return false
		}
		like := noEcho
		for _, line := range e.lines {
			like = max(like, compare(line, p, int(m.Start-from), int(m.End-from)))
		}
		if like == noEcho || like == certainEcho || end > m.End+reach || !wait(end) {
			return like >= wholeEcho
		}
	}
}

// compare tells whether p[start:end] is part of a copy of line in p.
func compare(line, p []byte, start, end int) likeness {
	seen, offsets := visible(p)
	first, _ := slices.BinarySearch(offsets, start)
	last, _ := slices.BinarySearch(offsets, end)
	if first == last {
		return noEcho // nothing of it is visible
	}
	// Copies that end before last, or start after first, do not matter.
	for i := max(0, last-len(line)); i <= first; i++ {
		rest := seen[i:]
		switch {
		case bytes.HasPrefix(rest, line):
			if like := endsLine(p[offsets[i+len(line)-1]+1:]); like != noEcho {
				return like
			}
		case len(rest) < len(line) && bytes.HasPrefix(line, rest):
			return partialEcho
		}
	}
	return noEcho
}

// endsLine tells whether what follows a copy of a line shows it to be an echo.
func endsLine(p []byte) likeness {
	var strip stripper
	for _, b := range p {
		switch {
		case b == '\r' || b == '\n':
			return certainEcho
		case strip.keep(b) && b != ' ' && b != '\t':
			return noEcho
		}
	}
	return wholeEcho
}
