package asset

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Derive returns a directory with files that were made from the asset, for example what was unpacked from it, and makes
// it at the first call: derive gets the path of the asset and of an empty directory to fill. The directory is kept as
// long as the asset, in $QEMU_TEST_CACHE_DIR/derived/<hash>/<name>; name says how it is made, and gets another version
// when that changes ("kernel-2").
//
// However many goroutines and processes ask at once, one of them makes it. It appears under its name only when derive
// returned without an error, which is returned as it is. Errors of fetching the asset are those of [Cache.Fetch].
func (c *Cache) Derive(ctx context.Context, a *Asset, name string,
	derive func(ctx context.Context, path, dir string) error) (string, error) {
	path, err := c.Fetch(ctx, a) // which keeps the asset, and with it the directory, from being evicted
	if err != nil {
		return "", err
	}
	dir := filepath.Join(c.derivedDir(a.hash), name)
	if isDir(dir) {
		return dir, nil
	}
	return c.flights.join(ctx, "derive "+dir, func(ctx context.Context) (string, error) {
		return dir, c.makeDerived(ctx, dir, func(into string) error { return derive(ctx, path, into) })
	})
}

// derivedDir is the directory of everything that is derived from an asset.
func (c *Cache) derivedDir(hash string) string {
	return filepath.Join(c.root, "derived", hash)
}

// makeDerived makes the directory dir, unless another process does so first.
func (c *Cache) makeDerived(ctx context.Context, dir string, fill func(into string) error) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return err
	}
	l, err := lockFile(dir+extLock, func(l *flock.Flock) error { return lockWait(ctx, l) })
	if err != nil {
		return err
	}
	defer releaseLock(l)
	if isDir(dir) {
		return nil
	}
	unfinished := dir + extPartial
	if err := os.RemoveAll(unfinished); err != nil { // of a process that was killed
		return err
	}
	if err := os.Mkdir(unfinished, 0o777); err != nil {
		return err
	}
	if err := fill(unfinished); err != nil {
		return errors.Join(err, os.RemoveAll(unfinished))
	}
	return os.Rename(unfinished, dir)
}

// derivedSize returns how many bytes everything derived from an asset has.
func (c *Cache) derivedSize(hash string) int64 {
	var total int64
	_ = filepath.WalkDir(c.derivedDir(hash), func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil // it does not exist, or goes right now
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
		return nil
	})
	return total
}

// evictOrphans removes what is derived from assets that are no longer in the cache, because QEMU's suite or a person
// removed them.
func (c *Cache) evictOrphans() error {
	dirs, err := os.ReadDir(filepath.Join(c.root, "derived"))
	if err != nil {
		return nil // nothing was ever derived
	}
	var errs []error
	for _, dir := range dirs {
		if info, err := dir.Info(); err != nil || time.Since(info.ModTime()) < restPeriod || exists(c.path(dir.Name(), extData)) {
			continue
		}
		errs = append(errs, os.RemoveAll(c.derivedDir(dir.Name())))
	}
	return errors.Join(errs...)
}
