package image

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// keepUnused is how long an executable that is no longer the latest is kept, for
// processes that were told of it before.
const keepUnused = 24 * time.Hour

// keep returns the path of a file in dir that is named by its content, and
// equal to latest. It is a copy: the go command may write into the file that
// it replaces.
func keep(latest, dir string) (string, error) {
	content, err := os.ReadFile(latest)
	if err != nil {
		return "", err
	}
	const prefix = "program-"
	path := filepath.Join(dir, prefix+fmt.Sprintf("%x", sha256.Sum256(content))[:16])
	now := time.Now()
	if err := os.Chtimes(path, now, now); err == nil {
		return path, nil
	}
	if err := errors.Join(
		removeOld(filepath.Join(dir, prefix+"*"), now.Add(-keepUnused)),
		os.WriteFile(path+".new", content, 0o755),
	); err != nil {
		return "", err
	}
	return path, os.Rename(path+".new", path)
}

// removeOld removes the files that match and were not used since.
func removeOld(pattern string, since time.Time) error {
	files, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	var errs []error
	for _, file := range files {
		if info, err := os.Stat(file); err == nil && info.ModTime().Before(since) {
			errs = append(errs, os.Remove(file))
		}
	}
	return errors.Join(errs...)
}

// lock locks the file at path for this call alone, among all goroutines and
// processes; the kernel frees it when the process dies.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	l := flock.New(path)
	locked := make(chan error)
	go func() {
		// flock(2) knows no context: when ctx ends this stays behind until
		// the lock is free, and frees it again.
		err := l.Lock()
		select {
		case locked <- err:
		case <-ctx.Done():
			_ = l.Unlock()
		}
	}()
	select {
	case err := <-locked:
		return func() { _ = l.Unlock() }, err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
