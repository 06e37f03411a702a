package qmp

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A few events with much data are bounded like many with little.
func TestHistoryIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	var h history
	h.init(0)
	data := bytes.Repeat([]byte("x"), 1<<20)
	for range 40 {
		h.add(&message{Event: "BIG", Data: data}, time.Time{})
	}
	events, _ := h.since(0)
	assert.Len(t, events, historyBytes>>20)
	assert.Equal(t, Cursor(40-historyBytes>>20), events[0].Seq)
	assert.Equal(t, Cursor(40), h.next)

	// One that is larger than all of it is kept until the next comes.
	h.add(&message{Event: "HUGE", Data: make([]byte, historyBytes+1)}, time.Time{})
	events, _ = h.since(0)
	assert.Len(t, events, 1)
	h.add(&message{Event: "SMALL"}, time.Time{})
	events, _ = h.since(0)
	assert.Len(t, events, 1)
	assert.Equal(t, "SMALL", events[0].Name)
	assert.Zero(t, h.bytes)
}

// BenchmarkHistory is the cost of an event when the history is full.
func BenchmarkHistory(b *testing.B) {
	var h history
	h.init(0)
	m := &message{Event: "RTC_CHANGE", Data: []byte(`{"offset": 0}`)}
	b.ReportAllocs()
	for b.Loop() {
		h.add(m, time.Time{})
	}
}
