package qmp

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

const (
	logTime     = "15:04:05.000000"
	logLimit    = 64 << 10 // bytes of a message that the log shows
	recentLimit = 512      // bytes of a message that Recent shows
	recentLines = 64       // messages that Recent can show
)

// A trafficLog writes one line per message and remembers the last ones.
type trafficLog struct {
	w      io.Writer
	prefix string // name of the machine and a blank, or empty

	mu   sync.Mutex
	buf  []byte
	last [recentLines][]byte // lines, a ring
	n    int                 // lines so far
}

func (l *trafficLog) init(w io.Writer, name string) {
	l.w = w
	if name != "" {
		l.prefix = name + " "
	}
}

// sent logs a command.
func (l *trafficLog) sent(cl *call) { l.line(cl.sent, "-> ", "", cl.wire) }

// received logs a greeting, an event or a reply to nothing.
func (l *trafficLog) received(now time.Time, line []byte) { l.line(now, "<- ", "", line) }

// replied logs the reply to a call, with the time it took.
func (l *trafficLog) replied(now time.Time, cl *call, late bool, line []byte) {
	about := cl.command + " " + roundDuration(now.Sub(cl.sent)).String()
	if late {
		about += ", late"
	}
	l.line(now, "<- ", "["+about+"] ", line)
}

// note logs something that isn't a message.
func (l *trafficLog) note(format string, args ...any) {
	l.line(time.Now(), "-- ", "", fmt.Appendf(nil, format, args...))
}

// line writes and remembers one line.
func (l *trafficLog) line(now time.Time, direction, about string, message []byte) {
	message = bytes.TrimRight(message, "\r\n")
	l.mu.Lock()
	defer l.mu.Unlock()
	b := now.AppendFormat(l.buf[:0], logTime)
	b = append(b, ' ')
	b = append(b, l.prefix...)
	b = append(b, direction...)
	b = append(b, about...)
	head := len(b)

	slot := &l.last[l.n%recentLines]
	*slot = appendShortened(append((*slot)[:0], b...), message, recentLimit)
	l.n++

	if l.w != nil {
		b = appendShortened(b[:head], message, logLimit)
		l.w.Write(b)
	}
	l.buf = b[:0]
}

// recent returns the last n lines.
func (l *trafficLog) recent(n int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var text strings.Builder
	for i := max(0, l.n-min(n, recentLines)); i < l.n; i++ {
		text.Write(l.last[i%recentLines])
	}
	return text.String()
}

// appendShortened appends a message and a newline, and says what it left out.
func appendShortened(b, message []byte, limit int) []byte {
	if len(message) <= limit {
		return append(append(b, message...), '\n')
	}
	b = append(b, bytes.ToValidUTF8(message[:limit], nil)...)
	return fmt.Appendf(b, "… (%d bytes)\n", len(message))
}
