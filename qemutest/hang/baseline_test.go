package hang

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A wait of thirty seconds, of a process that was starved before it too.
func TestSince(t *testing.T) {
	t.Parallel()
	start := time.Now()
	before := starvedFor(threads([2]time.Duration{10, 90}), 40*time.Second)
	after := starvedFor(threads([2]time.Duration{10, 90}), 60*time.Second)
	before.Threads[1].TotalRan, after.Threads[1].TotalRan = 5*time.Second, 9*time.Second
	b := Baseline{start, before}
	assert.Equal(t, Spell{Lasted: 30 * time.Second, Lacked: 20 * time.Second, Ran: 4*time.Second - after.Threads[1].Ran},
		b.since(after, start.Add(30*time.Second)))
	assert.Equal(t, Spell{}, Baseline{}.since(after, start), "no baseline")
	assert.Equal(t, Spell{}, b.since(Process{}, start), "a host that tells nothing")
	b.process = Process{}
	assert.Equal(t, 60*time.Second, b.since(after, start.Add(time.Minute)).Lacked, "a thread that came later")
}
