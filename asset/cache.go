package asset

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// Options are the settings of a [Cache]. The zero value is good: no mirrors, downloads allowed.
type Options struct {
	// Mirrors are directories and URL prefixes (http or https) that hold files named by their hash in lower case. They
	// are asked in this order before the asset's own URL, and what they give is verified like it.
	Mirrors []string
	// NoDownload keeps the cache off the network. Mirror directories are still used.
	NoDownload bool
	// Refresh fetches each asset anew, once per run, although a valid file is cached. A run is one "go test" with
	// all the test binaries it starts, else one process. NoDownload overrules it.
	Refresh bool
	// MaxSize is the size in bytes at which a download is given up, so that a server that never stops sending does not
	// fill the disk. 0 means 16 GiB.
	MaxSize int64

	// ConnectTimeout limits each connection attempt and each TLS handshake. 0 means 15 s.
	ConnectTimeout time.Duration
	// StallTimeout is how long a download may take for its next 64 KiB, or for its end. 0 means 60 s: slower than
	// about 1 KiB/s is as good as dead.
	StallTimeout time.Duration
	// Tries is how often in a row a source may fail, without any progress, before it is given up. 0 means 5.
	// A host that can't be connected to is tried twice at most.
	Tries int
	// Backoff is the wait after the first failure, doubled with each further one up to 30 s, and shortened at random
	// by up to a half. 0 means 1 s. A Retry-After of the server goes before it.
	Backoff time.Duration
	// Transport replaces the HTTP transport; nil means one that takes its proxies from the environment.
	Transport http.RoundTripper

	// Progress is told how fetches that need more than a look into the cache are going: several times a second, from
	// several goroutines. nil shows them on standard error: a live line on a terminal, otherwise a line every 5 s.
	Progress func(Progress)
	// Note is told, in one line, what went wrong without being an error: a mirror that lacks a file or has a bad one.
	// nil writes to standard error.
	Note func(string)
}

func (o Options) withDefaults() Options {
	if o.MaxSize == 0 {
		o.MaxSize = 16 << 30
	}
	if o.ConnectTimeout == 0 {
		o.ConnectTimeout = 15 * time.Second
	}
	if o.StallTimeout == 0 {
		o.StallTimeout = 60 * time.Second
	}
	if o.Tries == 0 {
		o.Tries = 5
	}
	if o.Backoff == 0 {
		o.Backoff = time.Second
	}
	if o.Progress == nil {
		o.Progress = stderrReporter().Progress
	}
	if o.Note == nil {
		o.Note = stderrReporter().Note
	}
	return o
}

// Cache is a directory of files named by the hash of their content. Any number of goroutines, of processes and of runs
// of QEMU's own suite may use the same directory at once.
type Cache struct {
	root    string // what QEMU_TEST_CACHE_DIR would be
	dir     string // root/download: the files
	opts    Options
	client  *http.Client
	flights flights
	openErr error // why the environment gave no usable cache; set only by DefaultCache

	mu    sync.Mutex
	known map[string]identity // files verified, or found verified, by this process
	holds map[string]*hold    // files in use by this process
}

// OpenCache returns the cache whose files are in the subdirectory "download" of root. Nothing is created before it is
// needed. Unlike [DefaultCache] it does not look at the environment.
func OpenCache(root string, opts Options) (*Cache, error) {
	if root == "" {
		return nil, errors.New("open the asset cache: the directory's name is empty; give one, or use DefaultCache")
	}
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	opts = opts.withDefaults()
	return &Cache{
		root:   root,
		dir:    filepath.Join(root, "download"),
		opts:   opts,
		client: newClient(opts),
		known:  map[string]identity{},
		holds:  map[string]*hold{},
	}, nil
}

// Close gives up the cache's claim that the assets it fetched are in use, so that [Cache.Evict] of any process may
// remove them, and closes idle connections. The end of the process does the same, which is why a test need not call it.
// The cache stays usable.
func (c *Cache) Close() error {
	if c.openErr != nil {
		return nil
	}
	c.client.CloseIdleConnections()
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for hash, h := range c.holds {
		if h.lock != nil {
			errs = append(errs, h.lock.Unlock())
		}
		delete(c.holds, hash)
	}
	return errors.Join(errs...)
}

// Dir returns the directory that holds the files. It may not exist yet.
func (c *Cache) Dir() string { return c.dir }

// The files that belong to one asset are named by its hash and one of these.
const (
	extData     = ""          // the asset itself: complete, verified, read-only
	extStamp    = ".stamp"    // Unix time of the last use, as in QEMU's suite; locked shared while in use
	extRecord   = ".verified" // identity of the verified file, see record.go
	extLock     = ".lock"     // locked while a process downloads, verifies or removes; gone afterwards
	extPartial  = ".partial"  // what has been downloaded so far
	extResume   = ".resume"   // where the partial file comes from, see partial.go
	extUpstream = ".download" // the name that QEMU's suite downloads to and takes as a lock, see upstream.go
)

func (c *Cache) path(hash, ext string) string {
	return filepath.Join(c.dir, hash+ext)
}

// Fetch returns the absolute path of a file whose content has the asset's hash, downloading it first when the cache does
// not have it. The file is read-only and must stay as it is: a machine that writes to its disk needs a copy or an
// overlay. It counts as in use, and is not evicted, until the process ends or [Cache.Close].
//
// However many goroutines and processes ask for an asset at once, one of them downloads it; the others wait and report
// its progress. The error is an [*Error]; when ctx ends first, of kind [Canceled] and wrapping ctx's error. What was
// downloaded by then is kept, and the next Fetch goes on from there.
func (c *Cache) Fetch(ctx context.Context, a *Asset) (string, error) {
	if err := c.usable(a); err != nil {
		return "", err
	}
	if path, ok := c.lookup(a); ok {
		return path, nil
	}
	path, err := c.flights.join(ctx, a.hash+" "+a.url, func(ctx context.Context) (string, error) {
		return c.obtain(ctx, a)
	})
	if err != nil {
		return "", c.fail(a, err)
	}
	return path, nil
}

// Cached returns where the asset is, or would be, in the cache, and whether a file with the right content is there now.
// It never downloads. A file that was put there by something else is read once, to verify it.
func (c *Cache) Cached(a *Asset) (path string, ok bool) {
	if c.usable(a) != nil {
		return "", false
	}
	if id, ok := c.identify(a); !ok || !c.recorded(a, id) {
		if ok, err := c.verify(context.Background(), a); err != nil || !ok {
			return c.path(a.hash, extData), false
		}
	}
	return c.path(a.hash, extData), true
}

// Available returns nil when a fetch of the asset has a chance: the file is cached or in a mirror directory, or
// downloads are allowed. Otherwise it returns an [*Error] of kind [Offline] or [BadAsset]. It does not touch the
// network, so a test can ask before it starts anything.
func (c *Cache) Available(a *Asset) error {
	if err := c.usable(a); err != nil {
		return err
	}
	if len(c.sources(a)) > 0 {
		return nil
	}
	if _, ok := c.Cached(a); ok {
		return nil
	}
	return c.offline(a)
}

// usable reports what makes the cache or the asset unusable from the start.
func (c *Cache) usable(a *Asset) error {
	if c.openErr != nil {
		return &Error{Asset: a, Kind: CacheFailed, Err: c.openErr}
	}
	return a.Err()
}

func (c *Cache) offline(a *Asset) error {
	e := &Error{Asset: a, Kind: Offline, Root: c.root}
	if _, err := os.Stat(c.path(a.hash, extData)); err == nil {
		e.Err = errors.New("the cached file has the wrong content")
	}
	return e
}

// lookup is the fast path: a stat, and the first time in a process also the reading of a small record.
func (c *Cache) lookup(a *Asset) (string, bool) {
	id, ok := c.identify(a)
	if !ok || !c.recorded(a, id) || !c.fresh(a) {
		return "", false
	}
	return c.use(a, id)
}

// obtain is the slow path: everything that needs the asset's lock.
func (c *Cache) obtain(ctx context.Context, a *Asset) (string, error) {
	unlock, lockErr := c.lockDownload(ctx, a)
	switch {
	case lockErr == nil:
		defer unlock()
	case kindOf(lockErr) != ReadOnlyCache:
		return "", lockErr
	}
	// Another process may have finished meanwhile. On a read-only cache there is no lock, but a good file is still good.
	if path, ok := c.lookup(a); ok {
		return path, nil
	}
	if c.fresh(a) {
		if path, err := c.verifyAndUse(ctx, a); path != "" || err != nil {
			return path, err
		}
	}
	sources := c.sources(a)
	if len(sources) == 0 {
		return "", c.offline(a)
	}
	if lockErr != nil {
		return "", lockErr
	}
	return c.download(ctx, a, sources)
}

// verifyAndUse hashes a cached file that has no valid record. The path is "" when there is none or its content is wrong.
func (c *Cache) verifyAndUse(ctx context.Context, a *Asset) (string, error) {
	if ok, err := c.verify(ctx, a); !ok {
		return "", err
	}
	path, _ := c.lookup(a)
	return path, nil
}

// use marks the asset as in use now and until the process ends. It reports false when the file is no longer the one
// that was identified, because it was evicted before it could be marked.
func (c *Cache) use(a *Asset, id identity) (string, bool) {
	path := c.path(a.hash, extData)
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.holds[a.hash]
	if h != nil && time.Since(h.stamped) < stampInterval {
		return path, true
	}
	if h == nil {
		h = &hold{}
		// Where the stamp can't be locked, as in a read-only cache, nothing is marked: eviction is the owner's matter.
		if lock, err := lockFile(c.path(a.hash, extStamp), (*flock.Flock).RLock); err == nil {
			if now, ok := c.identify(a); !ok || now != id {
				_ = lock.Unlock()
				return "", false
			}
			h.lock = lock
		}
		c.holds[a.hash] = h
	}
	h.stamped = time.Now()
	_ = writeStamp(c.path(a.hash, extStamp), h.stamped) // fails only where nothing can be evicted either
	return path, true
}

// identify returns the identity of the cached file, and false when there is none.
func (c *Cache) identify(a *Asset) (identity, bool) {
	fi, err := os.Stat(c.path(a.hash, extData))
	if err != nil || !fi.Mode().IsRegular() {
		return identity{}, false
	}
	return identityOf(fi), true
}

// makeDir creates the directory of the cache.
func (c *Cache) makeDir() error {
	return os.MkdirAll(c.dir, 0o777)
}

// removeFile removes a file that may not be there.
func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// sameFile reports whether two names lead to one file.
func sameFile(a, b string) bool {
	fa, errA := os.Stat(a)
	fb, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(fa, fb)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
