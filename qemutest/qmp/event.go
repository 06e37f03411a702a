package qmp

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Cursor is a place in the event history: the number of events before it. The
// zero Cursor is the beginning of the connection.
type Cursor uint64

// Event is something that QEMU reported by itself.
type Event struct {
	Name string // "STOP"

	// Data is the event's data, a JSON object, or nil. Keep numbers exact:
	// use Decode, or decode into integer types.
	Data json.RawMessage

	// Time is when it happened, by QEMU's clock; zero when QEMU couldn't tell.
	Time time.Time

	// Received is when this process read it.
	Received time.Time

	// Seq is the cursor in front of the event. Events are numbered without
	// gaps.
	Seq Cursor
}

// Decode decodes the event's data into v. Numbers that end up in an any are
// [json.Number].
func (e Event) Decode(v any) error {
	if e.Data == nil {
		return fmt.Errorf("event %s has no data", e.Name)
	}
	if err := decodeValue(e.Data, v); err != nil {
		return fmt.Errorf("the data of event %s doesn't fit a %T: %w: %s", e.Name, v, err, shorten(e.Data, errorText))
	}
	return nil
}

// String returns the event's name and data.
func (e Event) String() string {
	if e.Data == nil {
		return e.Name
	}
	return e.Name + " " + string(e.Data)
}

// Cursor returns the place after the last event received so far. Because QEMU
// sends events and replies in order, an event that a command caused always
// lies behind a cursor taken before the command.
func (c *Client) Cursor() Cursor {
	c.events.mu.Lock()
	defer c.events.mu.Unlock()
	return c.events.next
}

// Events returns the events from a cursor up to now. When older ones had to be
// dropped, Seq of the first one is higher than from.
func (c *Client) Events(from Cursor) []Event {
	events, _ := c.events.since(from)
	return events
}

// WaitEvent returns the first event at or after from that all matchers accept,
// and the cursor behind it, to be used for the next wait. No matcher accepts
// every event. Waiting takes nothing away: the same event can be found again
// from the same cursor, and by others.
//
// ctx bounds the wait in total, however many other events arrive. An event
// that is in the history already is found even if ctx has ended. The error is
// an *EventError when ctx or the connection ends first.
//
// The history is bounded (Options.History events, 32 MiB of data); the oldest
// events are dropped. If from lies before the oldest one kept, the error is
// ErrEventsDropped, with the cursor of the oldest one kept, for a caller that
// wants to go on regardless.
func (c *Client) WaitEvent(ctx context.Context, from Cursor, match ...Matcher) (Event, Cursor, error) {
	w := eventWait{want: AllOf(match...), began: time.Now()}
	if w.want.err != nil {
		return Event{}, from, w.want.err
	}
	for {
		events, more := c.events.since(from)
		if len(events) > 0 && events[0].Seq > from {
			oldest := events[0].Seq
			return Event{}, oldest, fmt.Errorf("can't tell whether event %v came: %w: %d of them, %d are kept",
				w.want, ErrEventsDropped, oldest-from, len(events))
		}
		for _, e := range events {
			from = e.Seq + 1
			if w.want.Match(e) {
				return e, from, nil
			}
			w.passed(e)
		}
		if more == nil {
			return Event{}, from, w.failed(c.Err())
		}
		select {
		case <-more:
		case <-ctx.Done():
			return Event{}, from, w.failed(contextError(ctx))
		}
	}
}

// An eventWait notes what a wait saw, for its error.
type eventWait struct {
	want  Matcher
	began time.Time
	seen  []string
	count int
}

func (w *eventWait) passed(e Event) {
	w.count++
	if !slices.Contains(w.seen, e.Name) {
		w.seen = append(w.seen, e.Name)
	}
}

func (w *eventWait) failed(err error) error {
	return &EventError{Want: w.want.String(), Elapsed: time.Since(w.began), Seen: w.seen, Count: w.count, Err: err}
}
