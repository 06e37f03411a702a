package qmp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest/qmp"
)

// received lets the client take in what a peer said: a reply comes after it.
func received(t *testing.T, c *qmp.Client, p *peer) {
	t.Helper()
	a := start(t.Context(), c, "sync", nil)
	p.reply(p.read(), `{}`)
	require.NoError(t, (<-a).err)
}

func TestEventHistory(t *testing.T) {
	t.Parallel()
	c, p := connect(t, qmp.Options{})
	assert.Equal(t, qmp.Cursor(0), c.Cursor())
	for _, name := range []string{"RESET", "STOP", "RESET", "RESUME"} {
		p.event(name, `{"guest": true}`)
	}
	received(t, c, p)
	assert.Equal(t, qmp.Cursor(4), c.Cursor())

	// The past is found, in order, as often as one likes.
	for range 2 {
		e, next, err := c.WaitEvent(t.Context(), 0, qmp.Named("RESET"))
		require.NoError(t, err)
		assert.Equal(t, qmp.Cursor(0), e.Seq)
		e, next, err = c.WaitEvent(t.Context(), next, qmp.Named("RESET"))
		require.NoError(t, err)
		assert.Equal(t, qmp.Cursor(2), e.Seq)
		assert.Equal(t, qmp.Cursor(3), next)
	}
	events := c.Events(1)
	require.Len(t, events, 3)
	e := events[0]
	assert.Equal(t, `STOP {"guest": true}`, e.String())
	assert.True(t, e.Time.Equal(time.Unix(1258551470, 802384000)))
	assert.WithinDuration(t, time.Now(), e.Received, time.Minute)
	assert.Empty(t, c.Events(4))
	assert.Empty(t, c.Events(100))
}

func TestWaitEventForTheFuture(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := connect(t, qmp.Options{})
		results := make(chan qmp.Event, 3)
		for range cap(results) {
			go func() {
				e, _, err := c.WaitEvent(t.Context(), 0, qmp.Named("JOB"), qmp.With(qmp.Args{"id": "b"}))
				assert.NoError(t, err)
				results <- e
			}()
		}
		synctest.Wait()
		p.event("JOB", `{"id": "a"}`)
		p.event("STOP", `{"id": "b"}`)
		p.event("JOB", `{"id": "b", "status": "ready"}`)
		for range cap(results) {
			assert.Equal(t, qmp.Cursor(2), (<-results).Seq, "every waiter gets it")
		}
	})
}

// Other events must not prolong a wait.
func TestWaitEventIsBoundedInTotal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := connect(t, qmp.Options{})
		flooded := make(chan struct{})
		go func() {
			defer close(flooded)
			for p.event("RTC_CHANGE", `{"offset": 0}`) == nil {
				p.event("NIC_RX_FILTER_CHANGED", `{"name": "n"}`)
				time.Sleep(100 * time.Millisecond)
			}
		}()
		began := time.Now()
		_, next, err := c.WaitEvent(within(t, 2050*time.Millisecond), 0, qmp.Named("STOP", "RESET"), qmp.With(qmp.Args{"a": 1}))
		assert.Equal(t, 2050*time.Millisecond, time.Since(began))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.EqualError(t, err, `no event STOP or RESET with {"a":1} within 2.05s: context deadline exceeded`+
			` (42 others came: RTC_CHANGE, NIC_RX_FILTER_CHANGED)`)
		assert.Equal(t, qmp.Cursor(42), next)
		c.Close()
		<-flooded
	})
}

// With an ended context a wait only looks.
func TestWaitEventWithEndedContext(t *testing.T) {
	t.Parallel()
	c, p := connect(t, qmp.Options{})
	p.event("STOP", `{}`)
	received(t, c, p)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, next, err := c.WaitEvent(ctx, 0)
	require.NoError(t, err)
	_, next, err = c.WaitEvent(ctx, next)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, qmp.Cursor(1), next)
}

func TestEventsNobodyReads(t *testing.T) {
	t.Parallel()
	c, p := connect(t, qmp.Options{})
	const n = 10_000
	for i := range n {
		p.event("FLOOD", fmt.Sprintf(`{"n": %d}`, i))
	}
	received(t, c, p)
	events := c.Events(0)
	require.Len(t, events, n)
	for i, e := range events {
		require.Equal(t, fmt.Sprintf(`{"n": %d}`, i), string(e.Data))
		require.Equal(t, qmp.Cursor(i), e.Seq)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	c, p := connect(t, qmp.Options{History: 10})
	from := c.Cursor()
	for i := range 25 {
		p.event("FLOOD", fmt.Sprintf(`{"n": %d}`, i))
	}
	received(t, c, p)
	events := c.Events(from)
	require.Len(t, events, 10)
	assert.Equal(t, qmp.Cursor(15), events[0].Seq)

	_, next, err := c.WaitEvent(t.Context(), from, qmp.With(qmp.Args{"n": 20}))
	require.ErrorIs(t, err, qmp.ErrEventsDropped, "the first match may have been among the dropped")
	assert.EqualError(t, err, `can't tell whether event with {"n":20} came: events were dropped from the history: 15 of them, 10 are kept`)
	e, _, err := c.WaitEvent(t.Context(), next, qmp.With(qmp.Args{"n": 20}))
	require.NoError(t, err)
	assert.Equal(t, qmp.Cursor(20), e.Seq)
}

func TestEventDecode(t *testing.T) {
	t.Parallel()
	e := qmp.Event{Name: "BLOCK_JOB_READY", Data: json.RawMessage(`{"len": 9007199254740993, "device": "d"}`)}
	var exact struct{ Len int64 }
	require.NoError(t, e.Decode(&exact))
	assert.Equal(t, int64(9007199254740993), exact.Len)
	var dynamic map[string]any
	require.NoError(t, e.Decode(&dynamic))
	assert.Equal(t, json.Number("9007199254740993"), dynamic["len"])

	assert.ErrorContains(t, e.Decode(&struct{ Len string }{}), "the data of event BLOCK_JOB_READY doesn't fit")
	assert.EqualError(t, qmp.Event{Name: "STOP"}.Decode(&dynamic), "event STOP has no data")
}

// QEMU that can't tell the time says -1.
func TestEventWithoutTime(t *testing.T) {
	t.Parallel()
	c, p := connect(t, qmp.Options{})
	p.send(`{"event": "STOP", "timestamp": {"seconds": -1, "microseconds": -1}}`)
	e, _, err := c.WaitEvent(t.Context(), 0)
	require.NoError(t, err)
	assert.True(t, e.Time.IsZero())
	assert.Nil(t, e.Data)
}
