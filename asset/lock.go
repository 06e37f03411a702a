package asset

import (
	"context"
	"errors"
	"os"
	"strconv"
	"time"

	"github.com/gofrs/flock"
)

// Two files carry locks, both of the kind that the kernel frees when their holder dies (flock):
//
//   - <hash>.lock is held, exclusively, by the one process that downloads, verifies or removes the asset;
//   - <hash>.stamp is held, shared, by each process that uses the asset, and exclusively while it is removed.
//
// The asset itself is never locked: on macOS and NFS that lock would be seen by QEMU, which locks its images too.

// ErrInUse is the error of removing an asset that a process uses or downloads.
var ErrInUse = errors.New("a process uses or downloads the asset")

// hold marks an asset as in use by this process.
type hold struct {
	lock    *flock.Flock // on the stamp; nil where it can't be locked
	stamped time.Time    // when the stamp was last written
}

// stampInterval is how often a process that keeps fetching the same asset renews its stamp; eviction counts in days.
const stampInterval = time.Hour

// lockFile creates the file, locks it with take and returns the lock. Lock files are removed while they are held, so the
// one that was waited for may be gone by then; the lock that counts is on the file that bears the name.
func lockFile(path string, take func(*flock.Flock) error) (*flock.Flock, error) {
	for {
		l := flock.New(path, flock.SetPermissions(0o666))
		if err := take(l); err != nil {
			return nil, err
		}
		if named(l) {
			return l, nil
		}
		if err := l.Unlock(); err != nil {
			return nil, err
		}
	}
}

// named reports whether the locked file is still the one at its path.
func named(l *flock.Flock) bool {
	locked, err := l.Stat()
	if err != nil {
		return false
	}
	current, err := os.Stat(l.Path())
	return err == nil && os.SameFile(locked, current)
}

// tryLock takes the lock only when that is possible at once.
func tryLock(l *flock.Flock) error {
	ok, err := l.TryLock()
	if err == nil && !ok {
		return ErrInUse
	}
	return err
}

// lockDownload waits for the lock of the asset and meanwhile reports how its holder's download goes.
func (c *Cache) lockDownload(ctx context.Context, a *Asset) (unlock func(), err error) {
	if err := c.makeDir(); err != nil {
		return nil, c.fail(a, err)
	}
	l, err := lockFile(c.path(a.hash, extLock), func(l *flock.Flock) error {
		err := tryLock(l)
		if !errors.Is(err, ErrInUse) {
			return err
		}
		return c.awaitLock(ctx, a, l)
	})
	if err != nil {
		return nil, c.fail(a, err)
	}
	return func() { releaseLock(l) }, nil
}

// lockWait waits until the lock is free or ctx ends.
func lockWait(ctx context.Context, l *flock.Flock) error {
	select {
	case err := <-lockLater(ctx, l):
		return err
	case <-ctx.Done():
		return ended(ctx)
	}
}

// lockLater takes the lock as soon as it is free, and then sends the outcome, unless ctx has ended.
func lockLater(ctx context.Context, l *flock.Flock) <-chan error {
	locked := make(chan error)
	go func() {
		// flock(2) knows no context: when ctx ends this stays behind until the lock is free, and frees it again.
		err := l.Lock()
		select {
		case locked <- err:
		case <-ctx.Done():
			_ = l.Unlock()
		}
	}()
	return locked
}

// awaitLock blocks until the lock is free or ctx ends, and reports how the download of its holder goes.
func (c *Cache) awaitLock(ctx context.Context, a *Asset, l *flock.Flock) error {
	locked := lockLater(ctx, l)
	w := c.watch(a, c.path(a.hash, extPartial))
	defer w.stop()
	for {
		select {
		case err := <-locked:
			return err
		case <-ctx.Done():
			return ended(ctx)
		case <-w.tick.C:
			w.report()
		}
	}
}

// releaseLock removes the lock's file, which its holder alone may do, and frees it.
func releaseLock(l *flock.Flock) {
	_ = os.Remove(l.Path())
	_ = l.Unlock()
}

// writeStamp notes the time of the last use the way QEMU's suite reads it. The ten digits are overwritten in place, so
// a reader never sees less than a whole number.
func writeStamp(path string, now time.Time) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	text := strconv.FormatInt(now.Unix(), 10)
	_, err = f.WriteString(text)
	return errors.Join(err, f.Truncate(int64(len(text))), f.Close())
}
