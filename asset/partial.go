package asset

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// partial is an asset under construction: the file <hash>.partial, of which all bytes have gone through the hash. Only
// the holder of the asset's lock touches the file, and no other program knows its name, so what was verified is what is
// published. It survives the process; the next one hashes what is there and goes on.
type partial struct {
	c     *Cache
	a     *Asset
	file  *os.File
	hash  hash.Hash
	size  int64 // bytes written and hashed
	from  origin
	glued bool // the bytes come from more than one response
	meter *meter
}

// origin is the content of <hash>.resume, as JSON: where the partial file comes from, for the next process to continue
// and for waiting ones to show.
type origin struct {
	// URL is the address, or the name of the mirror's file.
	URL string `json:"url"`
	// ETag and LastModified are the response's validators (RFC 9110, section 8.8), "" when it had none.
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"last_modified,omitempty"`
	// Size is that of the complete file in bytes, -1 when the server did not tell.
	Size int64 `json:"size"`
}

func (c *Cache) readResume(a *Asset) (origin, bool) {
	text, err := os.ReadFile(c.path(a.hash, extResume))
	if err != nil {
		return origin{}, false
	}
	var from origin
	if err := json.Unmarshal(text, &from); err != nil || from.URL == "" {
		return origin{}, false
	}
	return from, true
}

// openPartial opens the partial file and takes in what an earlier process left there.
func (c *Cache) openPartial(ctx context.Context, a *Asset) (*partial, error) {
	path := c.path(a.hash, extPartial)
	_ = os.Chmod(path, 0o640) // it is read-only if its process was killed just before the rename
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, c.fail(a, err)
	}
	p := &partial{c: c, a: a, file: file, hash: a.newHash(), from: origin{Size: -1}, meter: c.newMeter(a)}
	from, ok := c.readResume(a)
	if !ok {
		err = p.reset()
	} else {
		p.from = from
		p.size, err = p.hashFile(ctx)
	}
	if err != nil {
		_ = file.Close()
		return nil, c.fail(a, err)
	}
	return p, nil
}

// hashFile hashes the file from its beginning and leaves the file offset at its end.
func (p *partial) hashFile(ctx context.Context) (int64, error) {
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	p.hash.Reset()
	return io.CopyBuffer(p.hash, contextReader{ctx, p.file}, make([]byte, copyChunk))
}

// reset makes the file empty.
func (p *partial) reset() error {
	p.hash.Reset()
	p.size, p.glued = 0, false
	if err := p.file.Truncate(0); err != nil {
		return err
	}
	_, err := p.file.Seek(0, io.SeekStart)
	return err
}

// begin starts the file anew with bytes from the given origin.
func (p *partial) begin(from origin) error {
	// In this order: after a crash in between, an empty file is continued from nothing.
	if err := p.reset(); err != nil {
		return err
	}
	p.from = from
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	if err := os.WriteFile(p.c.path(p.a.hash, extResume), append(text, '\n'), 0o666); err != nil {
		return err
	}
	return p.expect()
}

// resume goes on after the bytes that are there.
func (p *partial) resume() error {
	p.glued = true
	return p.expect()
}

// expect checks, before any byte is transferred, that the rest of the file is welcome and has room.
func (p *partial) expect() error {
	p.meter.begin(redacted(p.from.URL), p.size, p.from.Size)
	if p.from.Size > p.c.opts.MaxSize {
		return p.tooLarge()
	}
	free, err := freeSpace(p.c.dir)
	if err != nil {
		return nil // a full disk will also show in the write
	}
	if need := p.from.Size - p.size; need > free {
		return &Error{Asset: p.a, Kind: DiskFull, Root: p.c.root, Err: fmt.Errorf(
			"%s has %s free where %s are needed", p.c.dir, formatBytes(free), formatBytes(need))}
	}
	return nil
}

// tooLarge is the error for a file that can't be the declared one because it does not end.
func (p *partial) tooLarge() error {
	return &Error{Asset: p.a, Kind: WrongHash, Root: p.c.root, Source: redacted(p.from.URL), Err: fmt.Errorf(
		"it is larger than the limit of %s", formatBytes(p.c.opts.MaxSize))}
}

// Write appends to the file and the hash.
func (p *partial) Write(b []byte) (int, error) {
	if p.size+int64(len(b)) > p.c.opts.MaxSize {
		return 0, p.tooLarge()
	}
	n, err := p.file.Write(b)
	p.hash.Write(b[:n])
	p.size += int64(n)
	p.meter.advance(p.size)
	if err != nil {
		return n, p.c.fail(p.a, err)
	}
	return n, nil
}

// digest returns the hash of the bytes so far.
func (p *partial) digest() string { return hex.EncodeToString(p.hash.Sum(nil)) }

// complete reports whether the bytes so far are the asset. That is the proof: no length needs to agree as well.
func (p *partial) complete() bool { return p.digest() == p.a.hash }

// wrongHash is the error for a complete file that is not the asset. detail says what it looks like instead; it may be "".
func (p *partial) wrongHash(detail string) *Error {
	return &Error{Asset: p.a, Kind: WrongHash, Root: p.c.root, Source: redacted(p.from.URL), Err: fmt.Errorf(
		"%d bytes%s with the hash %s", p.size, detail, p.digest())}
}

// The extended attributes that QEMU's suite sets for information.
const (
	xattrURL  = "user.qemu-asset-url"
	xattrHash = "user.qemu-asset-hash"
)

// publish gives the complete file its name. Until the rename nothing is there under the hash, or an older file; after a
// crash at any later point a good file is there that the next process hashes once more.
func (p *partial) publish() error {
	if err := p.file.Sync(); err != nil {
		return err
	}
	path, final := p.file.Name(), p.c.path(p.a.hash, extData)
	_ = unix.Setxattr(path, xattrURL, []byte(p.a.url), 0)
	_ = unix.Setxattr(path, xattrHash, []byte(p.a.hash), 0)
	if err := p.file.Chmod(0o440); err != nil {
		return err
	}
	if err := os.Rename(path, final); err != nil {
		return err
	}
	p.withdraw()
	fi, err := p.file.Stat() // last of all, since each step changes the ctime
	if err != nil {
		return err
	}
	p.c.record(p.a, identityOf(fi), true)
	return nil
}

// close ends the work on the file and reports how it went. What may still become the asset is kept.
func (p *partial) close(err error) {
	p.meter.finish(err)
	p.withdraw()
	if !p.worthKeeping(err) {
		_ = os.Remove(p.file.Name()) // no longer there when it was published
		_ = os.Remove(p.c.path(p.a.hash, extResume))
	}
	_ = p.file.Close()
}

// worthKeeping reports whether the bytes that are there are of use to the next fetch after err.
func (p *partial) worthKeeping(err error) bool {
	if err == nil || p.size == 0 {
		return false
	}
	e, _ := errors.AsType[*Error](p.c.fail(p.a, err))
	return e.Kind == Unreachable || e.Kind == Refused || e.Kind == Canceled
}

// freeSpace returns how many bytes the file system of dir has for this user.
func freeSpace(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, errors.Join(errors.New("ask for the free disk space"), err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}
