package asset

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
)

// identity tells whether a file is still the one that was verified. Nobody can change a file's content or replace the
// file without changing one of these: the change time (ctime) can't be set by a program.
type identity struct {
	size         int64
	inode        uint64
	mtime, ctime int64 // nanoseconds since 1970
}

func (id identity) String() string {
	return fmt.Sprintf("size=%d inode=%d mtime=%d ctime=%d", id.size, id.inode, id.mtime, id.ctime)
}

// recorded reports whether the file with this identity was verified, by this process or according to the record beside
// the file.
func (c *Cache) recorded(a *Asset, id identity) bool {
	c.mu.Lock()
	known := c.known[a.hash] == id
	c.mu.Unlock()
	if known {
		return true
	}
	recorded, _ := c.readRecord(a)
	if recorded != id.String() {
		return false
	}
	c.remember(a, id)
	return true
}

func (c *Cache) remember(a *Asset, id identity) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[a.hash] = id
}

// fresh reports whether a cached file may be used without fetching it again.
func (c *Cache) fresh(a *Asset) bool {
	if !c.opts.Refresh || c.opts.NoDownload {
		return true
	}
	_, run := c.readRecord(a)
	return run == currentRun()
}

// The record is two lines: the identity of the verified file, and the run that fetched or verified it. It is only ever
// compared with what it should be, so a torn, empty or foreign one is merely not equal, and costs one more hashing.

func (c *Cache) readRecord(a *Asset) (id, run string) {
	text, err := os.ReadFile(c.path(a.hash, extRecord))
	if err != nil {
		return "", ""
	}
	id, rest, _ := strings.Cut(string(text), "\n")
	run, _, complete := strings.Cut(rest, "\n")
	if !complete {
		return "", ""
	}
	return id, run
}

// record notes that the file with this identity has the asset's content. fetched says that it was downloaded just now
// rather than found.
func (c *Cache) record(a *Asset, id identity, fetched bool) {
	c.remember(a, id)
	run := "-"
	if fetched {
		run = currentRun()
	}
	text := fmt.Sprintf("%v\n%s\n", id, run)
	// A record that can't be written, as in a read-only cache, costs the next process a hashing and no more.
	_ = os.WriteFile(c.path(a.hash, extRecord), []byte(text), 0o666)
}

// verify hashes the cached file and records it when its content is right. It reports false without an error when there
// is no file or its content is wrong.
func (c *Cache) verify(ctx context.Context, a *Asset) (bool, error) {
	if _, ok := c.identify(a); !ok {
		return false, nil
	}
	id, ok, err := hashMatches(ctx, a, c.path(a.hash, extData))
	if err != nil {
		return false, c.fail(a, err)
	}
	if ok {
		c.record(a, id, false)
	}
	return ok, nil
}

// hashMatches reads a file and reports whether it has the asset's hash, and did not change meanwhile.
func hashMatches(ctx context.Context, a *Asset, path string) (identity, bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return identity{}, false, err
	}
	defer f.Close()
	before, err := f.Stat()
	if err != nil {
		return identity{}, false, err
	}
	h := a.newHash()
	if _, err := io.CopyBuffer(h, contextReader{ctx, f}, make([]byte, copyChunk)); err != nil {
		return identity{}, false, err
	}
	after, err := f.Stat()
	if err != nil {
		return identity{}, false, err
	}
	id := identityOf(after)
	return id, hex.EncodeToString(h.Sum(nil)) == a.hash && id == identityOf(before), nil
}

// copyChunk is the size of the pieces in which files are read, hashed and written: large enough that the calls do not
// count, small enough that a context is noticed at once.
const copyChunk = 256 << 10

// contextReader is a reader that ends with the context's error.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := ended(r.ctx); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
