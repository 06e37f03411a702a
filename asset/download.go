package asset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// source is a place that may have an asset.
type source interface {
	// fill makes the partial file complete, or says why it can't.
	fill(ctx context.Context, p *partial) error
	// String names the place for people.
	String() string
}

// sources returns the places to ask for the asset, in this order.
func (c *Cache) sources(a *Asset) []source {
	var all []source
	for _, m := range c.opts.Mirrors {
		switch {
		case !isURL(m):
			if file := filepath.Join(m, a.hash); exists(file) {
				all = append(all, fileSource(file))
			}
		case !c.opts.NoDownload:
			all = append(all, urlSource(strings.TrimSuffix(m, "/")+"/"+a.hash))
		}
	}
	switch {
	case c.opts.NoDownload:
	case a.get != nil:
		all = append(all, getterSource{a})
	default:
		all = append(all, urlSource(a.url))
	}
	return all
}

// download brings the asset into the cache. The caller holds its lock.
func (c *Cache) download(ctx context.Context, a *Asset, sources []source) (path string, err error) {
	p, err := c.openPartial(ctx, a)
	if err != nil {
		return "", err
	}
	defer func() { p.close(err) }()

	for !p.announce() {
		if err := c.awaitUpstream(ctx, a); err != nil {
			return "", err
		}
		if path, err := c.verifyAndUse(ctx, a); path != "" || err != nil {
			return path, err
		}
	}
	if !p.complete() {
		if err := p.fillFrom(ctx, sources); err != nil {
			return "", err
		}
	}
	if err := p.publish(); err != nil {
		return "", err
	}
	if path, ok := c.lookup(a); ok {
		return path, nil
	}
	// Some network file systems change a file's times when it is closed.
	if path, err := c.verifyAndUse(ctx, a); path != "" || err != nil {
		return path, err
	}
	return "", errors.New("the file changed right after its download; another program writes to the cache")
}

// fillFrom asks one source after the other. What goes wrong with a mirror is noted; the error is that of the asset's own
// server, or [Offline] where that may not be asked.
func (p *partial) fillFrom(ctx context.Context, sources []source) error {
	for i, s := range sources {
		err := s.fill(ctx, p)
		if err == nil {
			return nil
		}
		err = p.c.fail(p.a, err)
		e, _ := errors.AsType[*Error](err)
		switch e.Kind {
		case Unreachable, Refused, NotFound, WrongHash:
		default:
			return err // another source would fail the same way
		}
		last := i == len(sources)-1
		switch {
		case last && p.c.opts.NoDownload:
			return &Error{Asset: p.a, Kind: Offline, Root: p.c.root, Err: fmt.Errorf("mirror %s: %w", s, e.Err)}
		case last:
			return err
		}
		p.c.opts.Note(fmt.Sprintf("%s: mirror %s: %s; trying %s", p.a.Name(), s, e.what(), sources[i+1]))
	}
	return p.c.offline(p.a)
}

// fileSource is a file in a mirror directory.
//
// It is copied, by a reflink where the file system can: a hard link would share its mode, its times and every later
// write with a directory that this package does not own, and a mirror may be read-only, on another file system, or
// gone tomorrow. The copy is what gets hashed.
type fileSource string

func (s fileSource) String() string { return string(s) }

func (s fileSource) fill(ctx context.Context, p *partial) error {
	if fi, err := os.Stat(string(s)); err != nil || !fi.Mode().IsRegular() {
		return s.failed(p, errors.Join(err, errors.New("it is not a regular file")))
	}
	src, err := os.Open(string(s))
	if err != nil {
		return s.failed(p, err)
	}
	defer src.Close()
	fi, err := src.Stat()
	if err != nil {
		return s.failed(p, err)
	}
	if err := p.begin(origin{URL: string(s), Size: fi.Size()}); err != nil {
		return err
	}
	for copied := int64(0); ; {
		if err := ended(ctx); err != nil {
			return err
		}
		n, err := io.CopyN(p.file, src, 16<<20) // from file to file: copy_file_range(2) on Linux
		copied += n
		p.meter.advance(copied)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && kindOf(p.c.fail(p.a, err)) == DiskFull {
			return err
		}
		if err != nil {
			return s.failed(p, err)
		}
	}
	if p.size, err = p.hashFile(ctx); err != nil {
		return err
	}
	if !p.complete() {
		return p.wrongHash("")
	}
	return nil
}

func (s fileSource) failed(p *partial, err error) error {
	return &Error{Asset: p.a, Kind: NotFound, Source: string(s), Root: p.c.root, Err: err}
}

// urlSource is the address of a file on a server.
type urlSource string

func (s urlSource) String() string { return redacted(string(s)) }

// fill downloads until the file is complete, failing attempts are no longer worth repeating, or ctx ends.
func (s urlSource) fill(ctx context.Context, p *partial) error {
	if err := p.c.outage(string(s)); err != nil {
		return &Error{Asset: p.a, Kind: Unreachable, Source: s.String(), Root: p.c.root, Err: err}
	}
	t := transfer{p: p, url: string(s)}
	for try := 1; ; try++ {
		before := max(t.reached, p.size)
		err := t.attempt(ctx)
		if err == nil {
			return nil
		}
		if cause := ended(ctx); cause != nil {
			return cause
		}
		if errors.Is(err, errStartOver) {
			try--
			continue
		}
		e, ok := errors.AsType[*Error](err)
		if !ok {
			return err
		}
		t.reached = max(before, p.size)
		if t.reached-before >= minProgress {
			try = 1
		}
		e.Tries = try
		wait := p.c.wait(e, try)
		if wait < 0 {
			if isDialError(e) {
				p.c.recordOutage(string(s), e)
			}
			return e
		}
		if err := sleep(ctx, wait); err != nil {
			return fmt.Errorf("%w while waiting to try again after: %w", err, e.Err)
		}
	}
}

// maxRetryAfter is the longest Retry-After that is waited for; a test has something better to do than to wait longer.
const maxRetryAfter = 2 * time.Minute

// maxBackoff is the longest wait between two attempts that the server did not ask for.
const maxBackoff = 30 * time.Second

// wait returns how long to wait before the next attempt after e; negative to give up.
func (c *Cache) wait(e *Error, try int) time.Duration {
	if try >= c.opts.Tries || !worthRetrying(e) || e.RetryAfter > maxRetryAfter {
		return -1
	}
	if dns, ok := errors.AsType[*net.DNSError](e); ok && (dns.IsNotFound || dns.IsTimeout) {
		return -1 // the resolver has its own tries
	}
	if noNetwork(e) {
		return -1 // it takes more than a second to plug in a cable
	}
	if try >= 2 && isDialError(e) {
		return -1
	}
	if e.RetryAfter > 0 {
		return e.RetryAfter
	}
	backoff := min(c.opts.Backoff<<min(try-1, 10), maxBackoff)
	// Half of it at random, so that a crowd of clients does not come back as a crowd.
	return backoff/2 + rand.N(backoff/2+1)
}

// sleep waits, or returns early when ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ended(ctx)
	}
}

// redacted returns the URL without its password, for people and logs.
func redacted(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return rawURL
	}
	return u.Redacted()
}
