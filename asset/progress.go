package asset

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// Progress is how far the fetch of one asset is.
type Progress struct {
	// Asset is what is being fetched.
	Asset *Asset
	// Source is the URL or file the bytes come from; "" while that is not known.
	Source string
	// Bytes is how many are there, those of an earlier, interrupted download included.
	Bytes int64
	// Total is how many there will be; -1 while that is not known.
	Total int64
	// Rate is the recent speed in bytes per second; 0 while that is not known.
	Rate float64
	// Elapsed is the time since this process began to wait for the asset.
	Elapsed time.Duration
	// Waiting says that another process downloads the asset, and this one waits for it.
	Waiting bool
	// Done marks the last report of a fetch. Err then says how it ended.
	Done bool
	Err  error
}

// Remaining estimates the time until the end; false when there is no ground for an estimate.
func (p Progress) Remaining() (time.Duration, bool) {
	if p.Total < 0 || p.Rate <= 0 {
		return 0, false
	}
	return time.Duration(float64(p.Total-p.Bytes) / p.Rate * float64(time.Second)), true
}

// String returns the report as one line, such as "day18.tar.xz: 12.3 of 45.6 MB (26%), 3.4 MB/s, 10s left".
func (p Progress) String() string {
	var b strings.Builder
	b.WriteString(p.Asset.Name() + ": ")
	if p.Total > 0 {
		fmt.Fprintf(&b, "%s of %s (%d%%)", formatBytes(p.Bytes), formatBytes(p.Total), p.Bytes*100/p.Total)
	} else {
		b.WriteString(formatBytes(p.Bytes))
	}
	switch left, ok := p.Remaining(); {
	case p.Done && p.Err != nil:
		b.WriteString(", failed")
	case p.Done:
		fmt.Fprintf(&b, " in %v", p.Elapsed.Round(100*time.Millisecond))
	case ok:
		fmt.Fprintf(&b, ", %s/s, %v left", formatBytes(int64(p.Rate)), left.Round(time.Second))
	case p.Rate > 0:
		fmt.Fprintf(&b, ", %s/s", formatBytes(int64(p.Rate)))
	}
	if p.Waiting {
		b.WriteString(" (another process downloads it)")
	}
	return b.String()
}

// formatBytes returns a size in decimal units, as download tools and disks count.
func formatBytes(n int64) string {
	units := []struct {
		size float64
		name string
	}{{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}}
	for _, u := range units {
		if float64(n) >= u.size {
			return fmt.Sprintf("%.1f %s", float64(n)/u.size, u.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// meter turns counts of bytes into reports. It is not for concurrent use.
type meter struct {
	send    func(Progress)
	state   Progress
	started time.Time
	last    time.Time // of the last report
	counted int64     // bytes at the last report
}

// reportInterval is the least time between two reports of one fetch.
const reportInterval = 250 * time.Millisecond

func (c *Cache) newMeter(a *Asset) *meter {
	now := time.Now()
	return &meter{
		send:    c.opts.Progress,
		state:   Progress{Asset: a, Total: -1},
		started: now,
		last:    now,
	}
}

// begin notes the source of the following bytes and how many of the file are there already.
func (m *meter) begin(source string, have, total int64) {
	m.state.Source, m.state.Total = source, total
	m.state.Bytes, m.counted = have, have
}

// advance notes how many bytes are there now, and reports when it is time to.
func (m *meter) advance(bytes int64) {
	m.state.Bytes = bytes
	now := time.Now()
	elapsed := now.Sub(m.last)
	if elapsed < reportInterval {
		return
	}
	rate := float64(bytes-m.counted) / elapsed.Seconds()
	if m.state.Rate > 0 && rate >= 0 {
		rate = 0.7*m.state.Rate + 0.3*rate // bursts and pauses should not make the estimate jump
	}
	m.state.Rate = max(rate, 0)
	m.state.Elapsed = now.Sub(m.started)
	m.last, m.counted = now, bytes
	m.send(m.state)
}

// finish sends the last report.
func (m *meter) finish(err error) {
	m.state.Elapsed = time.Since(m.started)
	m.state.Done, m.state.Err = true, err
	m.send(m.state)
}

// watcher reports the progress of a download that another process makes, by looking at the file it grows. The download
// is the other's to pace, so there is nothing to wait for but the clock.
type watcher struct {
	c     *Cache
	file  string
	tick  *time.Ticker
	meter *meter
	size  int64 // of the file when last looked at; -1 when it was not there
}

// watchInterval is how often a watcher looks.
const watchInterval = time.Second

func (c *Cache) watch(a *Asset, file string) *watcher {
	w := &watcher{c: c, file: file, tick: time.NewTicker(watchInterval), meter: c.newMeter(a)}
	w.meter.state.Waiting = true
	w.size = w.look()
	w.meter.begin("", max(w.size, 0), -1)
	return w
}

func (w *watcher) look() int64 {
	fi, err := os.Stat(w.file)
	if err != nil {
		return -1
	}
	return fi.Size()
}

// report looks at the file, reports its size, and says whether the size has changed.
func (w *watcher) report() (changed bool) {
	size := w.look()
	changed = size != w.size
	w.size = size
	if from, ok := w.c.readResume(w.meter.state.Asset); ok {
		w.meter.state.Source, w.meter.state.Total = redacted(from.URL), from.Size
	}
	w.meter.advance(max(size, 0))
	return changed
}

func (w *watcher) stop() {
	w.tick.Stop()
	w.meter.finish(nil)
}
