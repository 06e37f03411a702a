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
	l.buf = l.buf[:0]
	for _, b := range l.strip.strip(p) {
		if b == '\r' {
			l.cr = true
			continue
		}
		if !l.open {
			l.stamp(now)
		}
		if b == '\n' {
			l.cr, l.open = false, false
			l.buf = append(l.buf, '\n')
			continue
		}
		if l.cr { // inside a line, as where a guest redraws it
			l.buf = append(l.buf, `\r`...)
			l.cr = false
		}
		if (b < ' ' && b != '\t') || b == 0x7f {
			l.buf = fmt.Appendf(l.buf, `\x%02x`, b)
		} else {
			l.buf = append(l.buf, b)
		}
	}
	if len(l.buf) > 0 {
		_, l.err = l.file.Write(l.buf)
	}
}

// stamp starts a line.
func (l *timedLog) stamp(now time.Time) {
	l.open = true
	l.buf = now.AppendFormat(l.buf, "15:04:05.000000")
	l.buf = fmt.Appendf(l.buf, " [%12.6f] ", now.Sub(l.opened).Seconds())
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
