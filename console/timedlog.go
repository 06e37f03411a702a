package console

import (
	"fmt"
	"os"
	"time"
)

// A timedLog writes one line for each line of the guest, with the time of day
// and the seconds since New at which its first byte arrived:
//
//	15:04:05.123456 [   12.345678] Linux version 6.1.0
//
// It is meant for reading: escape sequences and carriage returns at a line's
// end are left out, other control characters are written as \xNN. What
// arrived is written at once, also when its line has not ended, so that a
// killed process leaves all of it.
type timedLog struct {
	file   *os.File
	opened time.Time
	strip  stripper
	stamp  []byte // what lines begin with that begin now
	buf    []byte
	open   bool // the last line has not ended
	cr     bool // carriage returns are held back: they may belong to a line end
	err    error
}

// write adds p, which arrived now. After an error it does nothing.
func (l *timedLog) write(p []byte, now time.Time) {
	if l == nil || l.err != nil {
		return
	}
	l.stamp = now.AppendFormat(l.stamp[:0], "15:04:05.000000")
	l.stamp = fmt.Appendf(l.stamp, " [%12.6f] ", now.Sub(l.opened).Seconds())
	l.buf = l.buf[:0]
	for p = l.strip.strip(p); len(p) > 0; {
		if n := plainLength(p); n > 0 {
			l.begin()
			l.buf = append(l.buf, p[:n]...)
			p = p[n:]
			continue
		}
		switch b := p[0]; b {
		case '\r':
			l.cr = true
		case '\n':
			l.cr = false
			l.begin()
			l.buf = append(l.buf, '\n')
			l.open = false
		default:
			l.begin()
			l.buf = fmt.Appendf(l.buf, `\x%02x`, b)
		}
		p = p[1:]
	}
	if len(l.buf) > 0 {
		_, l.err = l.file.Write(l.buf)
	}
}

// begin starts a line if none has begun, and writes what was held back.
func (l *timedLog) begin() {
	if !l.open {
		l.open = true
		l.buf = append(l.buf, l.stamp...)
	}
	if l.cr { // inside a line, as where a guest redraws it
		l.cr = false
		l.buf = append(l.buf, `\r`...)
	}
}

// plainLength returns the length of what p starts with that is written as it
// stands.
func plainLength(p []byte) int {
	for i, b := range p {
		if (b < ' ' && b != '\t') || b == 0x7f {
			return i
		}
	}
	return len(p)
}

// close ends the last line and closes the file.
func (l *timedLog) close() error {
	if l == nil {
		return nil
	}
	if l.open && l.err == nil {
		_, l.err = l.file.WriteString("\n")
	}
	if err := l.file.Close(); l.err == nil {
		l.err = err
	}
	return l.err
}
