package qemutest

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Logf writes a line to base.log in the directory of the test's logs. What the
// test's output should show belongs into t.Logf.
func (q *Test) Logf(format string, args ...any) { q.logf(format, args...) }

func (q *Test) logf(format string, args ...any) { q.log.printf(format, args...) }

// stepLog is base.log: one line for each step of the test, with the time of
// day. The zero value writes nothing.
type stepLog struct {
	mu sync.Mutex
	w  io.WriteCloser
}

func (l *stepLog) printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.w != nil {
		fmt.Fprintf(l.w, "%s %s\n", time.Now().Format("15:04:05.000000"), fmt.Sprintf(format, args...))
	}
}

func (l *stepLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.w != nil {
		l.w.Close()
		l.w = nil
	}
}
