package asset

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Entry is what a cache holds of one asset.
type Entry struct {
	// Hash names the asset.
	Hash string
	// URL is where it was downloaded from, "" when that is not known.
	URL string
	// Size is what it occupies, in bytes, an unfinished download and what is derived from it included.
	Size int64
	// Used is when it was last fetched by a test.
	Used time.Time
	// Complete says that the file is there; otherwise there is only an unfinished download or what is left of one.
	Complete bool

	parts   map[string]bool // the files, by extension
	touched time.Time       // when a download last wrote to its file; zero when there is none
}

// EvictPolicy says what [Cache.Evict] removes. The zero value removes only what nobody can use any more: downloads that
// rested for a day, and stamps and records without their file.
type EvictPolicy struct {
	// UnusedFor removes assets that were not fetched for this long. 0 sets no limit. QEMU's suite uses 183 days.
	UnusedFor time.Duration
	// MaxSize removes the assets that were not fetched for longest until the rest has at most this many bytes. 0 sets
	// no limit.
	MaxSize int64
	// All removes everything.
	All bool
	// DryRun only tells what would be removed.
	DryRun bool
}

// Eviction is what [Cache.Evict] did.
type Eviction struct {
	// Removed are the assets, and leftovers of assets, that are gone.
	Removed []Entry
	// InUse are those that should have gone, but which a process is using or downloading.
	InUse []Entry
	// Freed and Left are bytes.
	Freed, Left int64
}

// restPeriod is how long an interrupted download is kept for its continuation.
const restPeriod = 24 * time.Hour

// Entries lists the cache in the order of last use, the longest unused first. A cache that does not exist yet is empty.
func (c *Cache) Entries() ([]Entry, error) {
	if c.openErr != nil {
		return nil, c.openErr
	}
	files, err := os.ReadDir(c.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	parts := map[string]map[string]bool{}
	for _, f := range files {
		hash, ext, ok := splitName(f.Name())
		if !ok || !f.Type().IsRegular() {
			continue
		}
		if parts[hash] == nil {
			parts[hash] = map[string]bool{}
		}
		parts[hash][ext] = true
	}
	entries := make([]Entry, 0, len(parts))
	for hash, exts := range parts {
		entries = append(entries, c.entry(hash, exts))
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		if n := a.Used.Compare(b.Used); n != 0 {
			return n
		}
		return strings.Compare(a.Hash, b.Hash)
	})
	return entries, nil
}

// splitName takes the name of a file in the cache apart. It reports false for a file that is not the cache's.
func splitName(name string) (hash, ext string, ok bool) {
	hash, ext, found := strings.Cut(name, ".")
	if found {
		ext = "." + ext
	}
	ok = validateHash(hash) == nil && hash == strings.ToLower(hash) &&
		(slices.Contains(allExts, ext) || ext == extLock)
	return hash, ext, ok
}

// entry collects what there is to know about the files of one asset.
func (c *Cache) entry(hash string, parts map[string]bool) Entry {
	e := Entry{Hash: hash, Complete: parts[extData], Size: c.size(hash, allExts) + c.derivedSize(hash), parts: parts}
	for _, ext := range []string{extData, extPartial, extUpstream} {
		fi, err := os.Stat(c.path(hash, ext))
		if err != nil {
			continue
		}
		if e.Used.Before(fi.ModTime()) {
			e.Used = fi.ModTime()
		}
		if ext != extData {
			e.touched = fi.ModTime()
		}
	}
	if used, err := readStamp(c.path(hash, extStamp)); err == nil && e.Complete {
		e.Used = used
	}
	if url, err := readXattr(c.path(hash, extData), xattrURL); err == nil {
		e.URL = url
	} else if from, ok := c.readResume(&Asset{hash: hash}); ok {
		e.URL = redacted(from.URL)
	}
	return e
}

// size returns how many bytes those of an asset's files occupy, a hard link counted once.
func (c *Cache) size(hash string, exts []string) int64 {
	var total int64
	var counted []fs.FileInfo
	for _, ext := range exts {
		fi, err := os.Stat(c.path(hash, ext))
		if err != nil || slices.ContainsFunc(counted, func(other fs.FileInfo) bool { return os.SameFile(fi, other) }) {
			continue
		}
		counted = append(counted, fi)
		total += fi.Size()
	}
	return total
}

// readStamp returns the time of last use. A stamp of the future, left by a clock that was wrong, counts as now.
func readStamp(path string) (time.Time, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return time.Time{}, err
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return time.Time{}, err
	}
	used := time.Unix(seconds, 0)
	if now := time.Now(); used.After(now) {
		return now, nil
	}
	return used, nil
}

// readXattr returns a short extended attribute of a file.
func readXattr(path, name string) (string, error) {
	buf := make([]byte, 4096)
	n, err := unix.Getxattr(path, name, buf)
	if err != nil {
		return "", err
	}
	return string(buf[:n]), nil
}

// Evict removes what the policy says, the longest unused first, but nothing that any process uses or downloads. It stops
// early when ctx ends. The Eviction is valid also with an error.
func (c *Cache) Evict(ctx context.Context, policy EvictPolicy) (Eviction, error) {
	var did Eviction
	entries, err := c.Entries()
	if err != nil {
		return did, err
	}
	for _, e := range entries {
		did.Left += e.Size
	}
	now := time.Now()
	var errs []error
	for _, e := range entries {
		if err := ended(ctx); err != nil {
			return did, errors.Join(append(errs, err)...)
		}
		parts := policy.doomed(e, did.Left, now)
		if len(parts) == 0 {
			continue
		}
		freed, err := c.remove(e, parts, policy.DryRun)
		switch {
		case errors.Is(err, ErrInUse):
			did.InUse = append(did.InUse, e)
		case err != nil:
			errs = append(errs, err)
		default:
			did.Removed = append(did.Removed, e)
			did.Freed += freed
			did.Left -= freed
		}
	}
	if !policy.DryRun {
		errs = append(errs, c.evictOrphans())
	}
	return did, errors.Join(errs...)
}

// doomed returns the extensions of the files of e that have to go, when the cache holds total bytes.
func (p EvictPolicy) doomed(e Entry, total int64, now time.Time) []string {
	resting := now.Sub(e.touched) < restPeriod // false when there is no download
	switch {
	case p.All,
		p.UnusedFor > 0 && now.Sub(e.Used) > p.UnusedFor,
		p.MaxSize > 0 && total > p.MaxSize,
		!e.Complete && !resting:
		return allExts
	case !resting && (e.parts[extPartial] || e.parts[extResume] || e.parts[extUpstream]):
		return downloadExts
	}
	return nil
}

// What can be removed of an asset, in this order: a stamp is locked by users of the asset and therefore the last.
var (
	downloadExts = []string{extUpstream, extPartial, extResume}
	allExts      = append(downloadExts[:3:3], extRecord, extData, extStamp)
)

// remove removes files of an asset, unless somebody works on it or uses it, and returns how many bytes that frees.
func (c *Cache) remove(e Entry, exts []string, dryRun bool) (freed int64, err error) {
	lock, err := lockFile(c.path(e.Hash, extLock), tryLock)
	if err != nil {
		return 0, err
	}
	defer releaseLock(lock)
	if e.Complete && slices.Contains(exts, extData) {
		stamp, err := lockFile(c.path(e.Hash, extStamp), tryLock)
		if err != nil {
			return 0, err
		}
		defer func() {
			if !e.parts[extStamp] {
				_ = os.Remove(stamp.Path()) // made by the locking
			}
			_ = stamp.Unlock()
		}()
	}
	if e.parts[extUpstream] && c.upstreamAlive(e) {
		return 0, ErrInUse
	}
	kept := slices.DeleteFunc(slices.Clone(allExts), func(ext string) bool { return slices.Contains(exts, ext) })
	freed = c.size(e.Hash, allExts) - c.size(e.Hash, kept)
	if slices.Contains(exts, extData) {
		freed += c.derivedSize(e.Hash)
	}
	if dryRun {
		return freed, nil
	}
	var errs []error
	if slices.Contains(exts, extData) {
		errs = append(errs, os.RemoveAll(c.derivedDir(e.Hash)))
	}
	for _, ext := range exts {
		errs = append(errs, removeFile(c.path(e.Hash, ext)))
	}
	return freed, errors.Join(errs...)
}

// upstreamAlive reports whether QEMU's suite may be downloading the asset.
func (c *Cache) upstreamAlive(e Entry) bool {
	download := c.path(e.Hash, extUpstream)
	if sameFile(download, c.path(e.Hash, extPartial)) || sameFile(download, c.path(e.Hash, extData)) {
		return false
	}
	return time.Since(e.touched) < upstreamPatience && !hasNoWriter(download)
}

// Remove removes the asset with the given hash and everything that belongs to it, if there is something. It fails with
// [ErrInUse] while a process uses or downloads the asset.
func (c *Cache) Remove(hash string) error {
	entries, err := c.Entries()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Hash == strings.ToLower(hash) {
			_, err := c.remove(e, allExts, false)
			return err
		}
	}
	return nil
}
