package asset

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"
)

// QEMU's own suite may use the same cache at the same time. It downloads to <hash>.download, whose exclusive creation is
// its lock, and another process of it waits while that file grows; after 90 s without growth it removes the file and
// downloads itself. So:
//
//   - this package announces its download by a hard link of that name to the partial file. The suite waits then, and
//     if it loses patience it removes a link and not the data, which it never writes to. (A link that a killed process
//     left costs the suite its 90 s; an interrupted one takes its link away.)
//   - a file of that name that is not such a link is the suite's. It is waited for while it may be alive, and removed
//     when it is stale. Its content counts only if it has the right hash.

// upstreamPatience is how long a download of QEMU's suite may not grow before it is stale: the suite's own limit.
const upstreamPatience = 90 * time.Second

// announce tells QEMU's suite that this process downloads the asset. It reports false when the suite is at it.
func (p *partial) announce() bool {
	download := p.c.path(p.a.hash, extUpstream)
	err := os.Link(p.file.Name(), download)
	// Where hard links are impossible both may download at once, each to its own file.
	return !errors.Is(err, fs.ErrExist) || sameFile(p.file.Name(), download)
}

// withdraw takes the announcement back, unless QEMU's suite has done so and put its own file there.
func (p *partial) withdraw() {
	download := p.c.path(p.a.hash, extUpstream)
	mine, err := p.file.Stat()
	if err != nil {
		return
	}
	if fi, err := os.Stat(download); err == nil && os.SameFile(mine, fi) {
		_ = os.Remove(download)
	}
}

// awaitUpstream returns when QEMU's suite does not, or does no longer, download the asset. It has then been removed, or
// put into the cache if it is complete.
func (c *Cache) awaitUpstream(ctx context.Context, a *Asset) error {
	download := c.path(a.hash, extUpstream)
	w := c.watch(a, download)
	defer w.stop()
	grown := time.Now()
	for {
		select {
		case <-ctx.Done():
			return ended(ctx)
		case <-w.tick.C:
		}
		switch changed := w.report(); {
		case w.size < 0:
			return nil
		case changed:
			grown = time.Now()
		case hasNoWriter(download), time.Since(grown) > upstreamPatience:
			return c.settleUpstream(ctx, a)
		}
	}
}

// settleUpstream decides what becomes of a download of QEMU's suite that has ended without being put under its name.
// Its process may be dead, or busy with the verification. So a good file gets its name here, by a link that leaves the
// suite's alone, if nobody can write to it any more; anything else is removed.
func (c *Cache) settleUpstream(ctx context.Context, a *Asset) error {
	download, final := c.path(a.hash, extUpstream), c.path(a.hash, extData)
	if hasNoWriter(download) && !exists(final) {
		_, ok, err := hashMatches(ctx, a, download)
		if err != nil {
			return err
		}
		if ok {
			_ = os.Chmod(download, 0o440)
			return os.Link(download, final)
		}
	}
	return removeFile(download)
}
