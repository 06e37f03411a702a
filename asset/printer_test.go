package asset

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func report(a *Asset, bytes int64) Progress {
	return Progress{Asset: a, Bytes: bytes, Total: 1000, Rate: 100}
}

func TestPrinterOnTerminal(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	p := &printer{w: &out, live: true, width: func() int { return 60 }}
	a, b := New("http://host/kernel", ""), New("http://host/rootfs-with-a-long-name", "")
	// take returns what a terminal that does nothing but erase lines would show of the output so far.
	take := func() string {
		text := out.String()
		out.Reset()
		return text
	}
	const erase = "\r\x1b[K"

	p.Progress(report(a, 100))
	assert.Equal(t, "asset: kernel: 100 bytes of 1.0 kB (10%), 100 bytes/s, 9s l", take())
	p.Progress(report(b, 200))
	assert.Equal(t, erase+"asset: 2 files, 300 bytes, 200 bytes/s: kernel, rootfs-with", take())
	p.Note("a mirror is slow")
	assert.Equal(t, erase+"asset: a mirror is slow\nasset: 2 files, 300 bytes, 200 bytes/s: kernel, rootfs-with", take())
	done := report(a, 1000)
	done.Done = true
	p.Progress(done)
	assert.Equal(t, erase+"asset: rootfs-with-a-long-name: 200 bytes of 1.0 kB (20%), ", take())
	done.Asset, done.Elapsed = b, time.Minute
	p.Progress(done)
	assert.Equal(t, erase+"asset: rootfs-with-a-long-name: 1.0 kB of 1.0 kB (100%) in 1m0s\n", take())
}

func TestPrinterInLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		p := &printer{w: &out}
		quick, slow := New("http://host/quick", ""), New("http://host/slow", "")
		for i := range int64(13) {
			p.Progress(report(slow, 10*i))
			time.Sleep(time.Second)
		}
		done := report(slow, 1000)
		done.Done, done.Elapsed = true, 13*time.Second
		p.Progress(done)
		p.Progress(report(quick, 10))
		done.Asset = quick
		p.Progress(done)
		assert.Equal(t, ""+
			"asset: slow: 50 bytes of 1.0 kB (5%), 100 bytes/s, 10s left\n"+
			"asset: slow: 100 bytes of 1.0 kB (10%), 100 bytes/s, 9s left\n"+
			"asset: slow: 1.0 kB of 1.0 kB (100%) in 13s\n", out.String())
	})
}

func TestProgressString(t *testing.T) {
	t.Parallel()
	a := New("http://host/x", "")
	assert.Equal(t, "x: 12.3 MB", Progress{Asset: a, Bytes: 12_345_678, Total: -1}.String())
	assert.Equal(t, "x: 1.0 kB, 2.0 GB/s", Progress{Asset: a, Bytes: 1000, Total: -1, Rate: 2e9}.String())
	assert.Equal(t, "x: 5 bytes of 10 bytes (50%) (another process downloads it)", Progress{Asset: a, Bytes: 5, Total: 10, Waiting: true}.String())
	assert.Equal(t, "x: 5 bytes, failed", Progress{Asset: a, Bytes: 5, Total: -1, Done: true, Err: assert.AnError}.String())
}
