package asset

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// userAgent is sent because some hosts turn the default agents of HTTP libraries away.
const userAgent = "qemu-functional-test (+https://github.com/qemutest/functional)"

// maxRedirects is how many redirects in a row are followed.
const maxRedirects = 10

var (
	// errStartOver asks for another attempt at once: what there was could not be continued.
	errStartOver = errors.New("the download can't be continued and starts over")
	errStalled   = errors.New("the server stopped sending")
	errRedirects = fmt.Errorf("stopped after %d redirects", maxRedirects)
)

func newClient(opts Options) *http.Client {
	transport := opts.Transport
	if transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone() // proxies from the environment
		t.DialContext = dialer(opts.ConnectTimeout, net.DefaultResolver)
		t.TLSHandshakeTimeout = opts.ConnectTimeout
		t.DisableCompression = true // the hash is that of the bytes on the wire, and ranges count these
		transport = t
	}
	return &http.Client{
		Transport: transport,
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) >= maxRedirects {
				return errRedirects
			}
			return nil
		},
	}
}

// resolveTimeout is how long the resolver may take. It is shorter than a connection may: without an answer nothing can
// be fetched from anywhere, and the sooner all tests know the better.
const resolveTimeout = 4 * time.Second

// dialer connects within a time, and gives up sooner when the resolver does not answer.
func dialer(timeout time.Duration, resolver *net.Resolver) func(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: timeout}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err == nil && net.ParseIP(host) == nil {
			resolving, cancel := context.WithTimeout(ctx, resolveTimeout)
			_, err = resolver.LookupHost(resolving, host)
			cancel()
			if err != nil {
				return nil, &net.OpError{Op: "dial", Net: network, Err: err}
			}
		}
		return d.DialContext(ctx, network, address)
	}
}

// transfer is the download of one partial file from one URL, over as many attempts as it takes.
type transfer struct {
	p       *partial
	url     string
	noRange bool   // the server's ranges proved unusable: each attempt starts at 0
	reached int64  // the furthest size of all attempts
	wrong   string // hash of an earlier response that had the wrong content but may have been cut
}

// attempt makes one request and takes in its response. It returns nil only when the partial file is complete.
func (t *transfer) attempt(ctx context.Context) error {
	guard := newStallGuard(ctx, t.p.c.opts.StallTimeout)
	defer guard.stop()
	req, err := t.request(guard.ctx)
	if err != nil {
		return err
	}
	resp, err := t.p.c.client.Do(req)
	if err != nil {
		return t.broken(guard, err)
	}
	defer resp.Body.Close()
	if err := t.accept(resp); err != nil {
		return err
	}
	_, err = io.CopyBuffer(t.p, guard.reader(resp.Body), make([]byte, copyChunk))
	if _, ours := errors.AsType[*Error](err); ours {
		return err // the disk, not the network
	}
	if t.p.complete() {
		return nil
	}
	if err != nil {
		return t.broken(guard, err)
	}
	return t.mismatch(resp)
}

// request asks for the part of the file that is missing.
func (t *transfer) request(ctx context.Context) (*http.Request, error) {
	if t.noRange {
		if err := t.p.reset(); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept-Encoding", "identity")
	if t.p.size == 0 || t.p.from.URL != t.url {
		return req, nil
	}
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-", t.p.size))
	// A server that has another file by now then sends it whole (RFC 9110, section 13.1.5). A weak validator may not be
	// used for that; without any, the hash decides in the end.
	if v := t.p.from.ETag; v != "" && !strings.HasPrefix(v, "W/") {
		req.Header.Set("If-Range", v)
	} else if v := t.p.from.LastModified; v != "" {
		req.Header.Set("If-Range", v)
	}
	return req, nil
}

// accept prepares the partial file for the body of the response.
func (t *transfer) accept(resp *http.Response) error {
	ranged := resp.Request.Header.Get("Range") != ""
	switch {
	case resp.StatusCode == http.StatusOK:
		return t.p.begin(origin{
			URL:          t.url,
			ETag:         resp.Header.Get("ETag"),
			LastModified: resp.Header.Get("Last-Modified"),
			Size:         resp.ContentLength,
		})
	case ranged && resp.StatusCode == http.StatusPartialContent && t.continues(resp):
		return t.p.resume()
	case ranged && (resp.StatusCode == http.StatusPartialContent || resp.StatusCode == http.StatusRequestedRangeNotSatisfiable):
		t.noRange = true
		return errStartOver
	}
	return t.refused(resp)
}

// continues reports whether a partial response is the rest of what is there: right offset, same size, same file.
func (t *transfer) continues(resp *http.Response) bool {
	start, size, ok := parseContentRange(resp.Header.Get("Content-Range"))
	from := t.p.from
	return ok && start == t.p.size &&
		(size < 0 || from.Size < 0 || size == from.Size) &&
		resp.Header.Get("ETag") == cmp.Or(from.ETag, resp.Header.Get("ETag"))
}

// parseContentRange takes the first byte's offset and the file's size, -1 if unknown, from a header of the form
// "bytes 100-199/1000" or "bytes 100-199/*" (RFC 9110, section 14.4).
func parseContentRange(header string) (start, size int64, ok bool) {
	ranges, found := strings.CutPrefix(header, "bytes ")
	span, total, found2 := strings.Cut(ranges, "/")
	first, last, found3 := strings.Cut(span, "-")
	if !found || !found2 || !found3 {
		return 0, 0, false
	}
	start, err1 := strconv.ParseInt(first, 10, 64)
	end, err2 := strconv.ParseInt(last, 10, 64)
	if err1 != nil || err2 != nil || start < 0 || end < start {
		return 0, 0, false
	}
	if total == "*" {
		return start, -1, true
	}
	size, err := strconv.ParseInt(total, 10, 64)
	return start, size, err == nil && size > end
}

// refused is the error for a status that brings no file.
func (t *transfer) refused(resp *http.Response) error {
	kind := Refused
	if resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone {
		kind = NotFound
	}
	return &Error{
		Asset:      t.p.a,
		Kind:       kind,
		Source:     redacted(t.url),
		Status:     resp.StatusCode,
		RetryAfter: parseRetryAfter(resp.Header.Get("Retry-After"), time.Now()),
		Root:       t.p.c.root,
		Err:        fmt.Errorf("%s answered %s", resp.Request.URL.Host, resp.Status),
	}
}

// parseRetryAfter returns the wait that a Retry-After header asks for, in seconds or as a date (RFC 9110, section
// 10.2.3); 0 when it asks for none.
func parseRetryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(header); err == nil {
		return max(date.Sub(now), 0)
	}
	return 0
}

// broken is the error for a connection that failed before the body was complete.
func (t *transfer) broken(guard *stallGuard, err error) error {
	if guard.stalled() {
		err = fmt.Errorf("%w: less than %s in %v", errStalled, formatBytes(minProgress), guard.limit)
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err // without the method and the URL, which the error shows anyway
	}
	kind := Unreachable
	if errors.Is(err, errRedirects) {
		kind = Refused
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("the connection ended after %s of %s: %w", formatBytes(t.p.size), formatTotal(t.p.from.Size), err)
	}
	return &Error{Asset: t.p.a, Kind: kind, Source: redacted(t.url), Root: t.p.c.root, Err: err}
}

func formatTotal(size int64) string {
	if size < 0 {
		return "unknown length"
	}
	return formatBytes(size)
}

// mismatch decides what a complete response with the wrong hash means.
func (t *transfer) mismatch(resp *http.Response) error {
	if t.p.glued {
		// The pieces may be of two files. That is known once the file has come in one piece.
		t.noRange = true
		return errStartOver
	}
	var detail string
	if kind := resp.Header.Get("Content-Type"); strings.HasPrefix(kind, "text/html") {
		detail = " of " + kind + " (a login or error page?)"
	}
	e := t.p.wrongHash(detail)
	digest := t.p.digest()
	if err := t.p.reset(); err != nil {
		return err
	}
	// Before HTTP/1.1 a body without a length ends with the connection, also when that breaks.
	framed := resp.ContentLength >= 0 || resp.ProtoMajor > 1 || slices.Contains(resp.TransferEncoding, "chunked")
	if !framed && t.wrong != digest {
		t.wrong = digest
		e.Kind = Unreachable
	}
	return e
}

// worthRetrying reports whether the same request may soon have a better end.
func worthRetrying(e *Error) bool {
	if e.Kind == Refused {
		return e.Status >= 500 || slices.Contains([]int{
			http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests,
		}, e.Status)
	}
	_, badCertificate := errors.AsType[*tls.CertificateVerificationError](e)
	return e.Kind == Unreachable && !badCertificate
}

// isDialError reports whether there was not even a connection.
func isDialError(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// minProgress is how many bytes must arrive within each stall timeout, and how many an attempt must add to what was
// reached before to count as progress.
const minProgress = 64 << 10

// stallGuard ends a request that does not get on: one whose next minProgress bytes take longer than limit, be it that
// nothing comes or that it drips.
type stallGuard struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	limit  time.Duration
	timer  *time.Timer
}

func newStallGuard(parent context.Context, limit time.Duration) *stallGuard {
	ctx, cancel := context.WithCancelCause(parent)
	return &stallGuard{
		ctx:    ctx,
		cancel: cancel,
		limit:  limit,
		timer:  time.AfterFunc(limit, func() { cancel(errStalled) }),
	}
}

// stop ends the guard, and the request if it is still under way.
func (g *stallGuard) stop() {
	g.timer.Stop()
	g.cancel(nil)
}

func (g *stallGuard) stalled() bool { return errors.Is(context.Cause(g.ctx), errStalled) }

// reader returns r with its bytes counted.
func (g *stallGuard) reader(r io.Reader) io.Reader { return &guardedReader{r: r, guard: g} }

type guardedReader struct {
	r     io.Reader
	guard *stallGuard
	bytes int // since the timer was set
}

func (r *guardedReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if r.bytes += n; r.bytes >= minProgress {
		r.bytes = 0
		r.guard.timer.Reset(r.guard.limit)
	}
	return n, err
}
