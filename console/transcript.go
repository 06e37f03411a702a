package console

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"os"
	"sync"
	"time"
)

// A transcript is the text that has arrived so far, as patterns see it. It is
// on disk whatever its length; in memory are its size and where its last
// lines start. The reading goroutine extends it; anyone may read it.
type transcript struct {
	file *os.File

	mu      sync.Mutex
	size    int64
	last    time.Time // when the last byte arrived, or when the console was opened
	lines   lineStarts
	failure *hit          // of the watch; nil if it has found none
	err     error         // why nothing more will come; io.EOF is the usual end
	changed chan struct{} // closed at the next change; nil if nobody asked
}

// A view is the state of a transcript at one moment.
type view struct {
	size    int64
	last    time.Time
	failure *hit
	err     error
	changed <-chan struct{}
}

// view returns the present state and how to learn of the next.
func (t *transcript) view() view {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	return view{t.size, t.last, t.failure, t.err, t.changed}
}

// extend makes p, which is in the file already, part of the transcript.
// failure is what the watch has found in it, or nil.
func (t *transcript) extend(p []byte, now time.Time, failure *hit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines.extend(p, t.size, now)
	t.size += int64(len(p))
	t.last = now
	t.failure = cmp.Or(t.failure, failure)
	t.wake()
}

// end says that nothing more will come, and why. The first reason counts.
func (t *transcript) end(err error, failure *hit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = err
	}
	t.failure = cmp.Or(t.failure, failure)
	t.wake()
}

// wake tells those who hold a view that it is out of date.
func (t *transcript) wake() {
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
}

// length returns how much has arrived, in bytes.
func (t *transcript) length() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.size
}

// endsAt reports whether nothing will ever come after an offset.
func (t *transcript) endsAt(offset int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err != nil && t.size == offset
}

// ReadAt reads what has arrived, as an [io.ReaderAt].
func (t *transcript) ReadAt(p []byte, offset int64) (int, error) {
	size := t.length()
	if offset < 0 {
		return 0, errors.New("read at a negative offset")
	}
	if offset >= size {
		return 0, io.EOF
	}
	short := int64(len(p)) > size-offset
	if short {
		p = p[:size-offset]
	}
	n, err := t.file.ReadAt(p, offset)
	if err == nil && short {
		err = io.EOF
	}
	return n, err
}

// slice returns the text between two offsets that have both arrived.
func (t *transcript) slice(from, to int64) ([]byte, error) {
	p := make([]byte, max(0, to-from))
	n, err := t.ReadAt(p, from)
	if n == len(p) {
		err = nil
	}
	return p[:n], err
}

// runeBefore returns the rune before an offset as far as patterns need to
// know it: -1 at the start, U+FFFD for what is not ASCII.
func (t *transcript) runeBefore(offset int64) rune {
	p, err := t.slice(max(0, offset-1), offset)
	switch {
	case err != nil || len(p) == 0:
		return -1
	case p[0] >= 0x80:
		return '\uFFFD'
	}
	return rune(p[0])
}

// maxTail is the number of lines whose start is remembered.
const maxTail = 256

// A lineStart tells where a line starts and when its first byte arrived.
type lineStart struct {
	offset int64
	time   time.Time
}

// lineStarts remembers where the last lines start. The zero value is that of
// an empty transcript.
type lineStarts struct {
	ring  [maxTail]lineStart
	count int64 // lines so far; the last maxTail are in the ring
	open  bool  // the last line has not ended
}

// extend takes note of the lines in p, which arrived now for the offset at.
func (l *lineStarts) extend(p []byte, at int64, now time.Time) {
	for len(p) > 0 {
		if !l.open {
			l.ring[l.count%maxTail] = lineStart{at, now}
			l.count++
		}
		n := bytes.IndexByte(p, '\n') + 1
		l.open = n == 0
		if l.open {
			return
		}
		p, at = p[n:], at+int64(n)
	}
}

// tail returns the last n lines, oldest first.
func (l *lineStarts) tail(n int) []lineStart {
	n = int(min(int64(max(0, n)), l.count, maxTail))
	starts := make([]lineStart, n)
	for i := range starts {
		starts[i] = l.ring[(l.count-int64(n-i))%maxTail]
	}
	return starts
}
