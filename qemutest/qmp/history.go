package qmp

import (
	"slices"
	"sync"
	"time"
)

const (
	defaultHistory = 65_536   // events
	historyBytes   = 32 << 20 // of event data
)

// A history keeps the last events.
type history struct {
	limit int

	mu     sync.Mutex
	events []Event
	next   Cursor        // of the next event
	bytes  int           // of the data of events
	more   chan struct{} // closed by the next event and by the end; made when somebody waits
	ended  bool
}

func (h *history) init(limit int) {
	h.limit = limit
	if limit <= 0 {
		h.limit = defaultHistory
	}
}

// add appends the event in m.
func (h *history) add(m *message, now time.Time) {
	e := Event{Name: m.Event, Data: m.Data, Received: now}
	if t := m.Timestamp; t.Seconds > 0 {
		e.Time = time.Unix(t.Seconds, t.Microseconds*int64(time.Microsecond))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	e.Seq = h.next
	h.next++
	h.events = append(h.events, e)
	h.bytes += len(e.Data)
	for len(h.events) > h.limit || h.bytes > historyBytes && len(h.events) > 1 {
		h.bytes -= len(h.events[0].Data)
		h.events[0] = Event{} // lets the data go; the array is reused or copied later
		h.events = h.events[1:]
	}
	h.wake()
}

// end says that no event will follow.
func (h *history) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	h.wake()
}

func (h *history) wake() {
	if h.more != nil {
		close(h.more)
		h.more = nil
	}
}

// since returns the events from a cursor on, and a channel that is closed when
// there are more; nil when there won't be.
func (h *history) since(from Cursor) ([]Event, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	oldest := h.next - Cursor(len(h.events))
	events := h.events[min(max(from, oldest)-oldest, Cursor(len(h.events))):]
	if h.ended {
		return slices.Clone(events), nil
	}
	if h.more == nil {
		h.more = make(chan struct{})
	}
	return slices.Clone(events), h.more
}
