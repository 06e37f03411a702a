package asset

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The tests in this file run in a bubble of fake time, with a server that is a function.

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answer makes a response with the given status, headers and body.
func answer(r *http.Request, status int, header http.Header, body io.Reader, length int64) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{
		StatusCode:    status,
		Status:        strconv.Itoa(status) + " " + http.StatusText(status),
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Body:          io.NopCloser(body),
		ContentLength: length,
		Request:       r,
	}
}

// trickle is a body that yields one piece each interval, until its request ends or the pieces do.
type trickle struct {
	ctx      context.Context
	interval time.Duration
	piece    []byte
	pieces   int // -1 for endless
}

func (r *trickle) Read(p []byte) (int, error) {
	if r.pieces == 0 {
		return 0, io.EOF
	}
	if err := sleep(r.ctx, r.interval); err != nil {
		return 0, err
	}
	r.pieces--
	return copy(p, r.piece), nil
}

// defaults are the options of a cache whose time is fake and whose server is serve.
func defaults(serve roundTripper) Options {
	return Options{Transport: serve, Progress: func(Progress) {}, Note: func(string) {}}
}

func TestRetryBacksOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var waits []time.Duration
		last := time.Now()
		c := openCache(t, defaults(func(r *http.Request) (*http.Response, error) {
			waits = append(waits, time.Since(last))
			last = time.Now()
			return answer(r, 503, nil, http.NoBody, 0), nil
		}))
		a := New("http://host/x", sha256Of([]byte("x")))
		_, err := c.Fetch(t.Context(), a)
		e := requireKind(t, c, a, Refused, err)
		assert.Equal(t, 503, e.Status)
		assert.Equal(t, 5, e.Tries)
		require.Len(t, waits, 5)
		shares := map[float64]bool{}
		for i, most := range []time.Duration{1 * time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second} {
			assert.LessOrEqual(t, waits[i+1], most)
			assert.GreaterOrEqual(t, waits[i+1], most/2)
			shares[waits[i+1].Seconds()/most.Seconds()] = true
		}
		assert.Greater(t, len(shares), 1, "they vary at random: %v", waits)
	})
}

func TestBackoffIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var waits []time.Duration
		last := time.Now()
		opts := defaults(func(r *http.Request) (*http.Response, error) {
			waits = append(waits, time.Since(last))
			last = time.Now()
			return answer(r, 503, nil, http.NoBody, 0), nil
		})
		opts.Tries = 80
		_, err := openCache(t, opts).Fetch(t.Context(), New("http://host/x", sha256Of([]byte("x"))))
		require.Error(t, err)
		require.Len(t, waits, 80)
		for _, wait := range waits[10:] {
			assert.LessOrEqual(t, wait, 30*time.Second)
			assert.GreaterOrEqual(t, wait, 15*time.Second)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		header func() string
		waited time.Duration
		kind   Kind
	}{
		{"seconds", func() string { return "77" }, 77 * time.Second, 0},
		{"date", func() string { return time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat) }, 90 * time.Second, 0},
		{"too long", func() string { return "3600" }, 0, Refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				content := []byte("content")
				requests := 0
				c := openCache(t, defaults(func(r *http.Request) (*http.Response, error) {
					if requests++; requests == 1 {
						return answer(r, 429, http.Header{"Retry-After": {tt.header()}}, http.NoBody, 0), nil
					}
					return answer(r, 200, nil, bytes.NewReader(content), int64(len(content))), nil
				}))
				started := time.Now()
				_, err := c.Fetch(t.Context(), New("http://host/x", sha256Of(content)))
				assert.Equal(t, tt.kind, kindOf(err))
				assert.Equal(t, tt.waited, time.Since(started))
			})
		})
	}
}

// Servers that do not get on are asked again, and then given up; what they sent is kept.
func TestFetchFailsOfStalls(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(fireSize)
	for name, tt := range map[string]struct {
		body func(ctx context.Context) io.Reader // nil: not even a header comes
		kept bool
	}{
		"sends nothing": {nil, false},
		"sends only a header": {func(ctx context.Context) io.Reader {
			return &trickle{ctx: ctx, interval: time.Hour, pieces: -1}
		}, false},
		"stalls": {func(ctx context.Context) io.Reader {
			return io.MultiReader(bytes.NewReader(content[:1000]), &trickle{ctx: ctx, interval: time.Hour, pieces: -1})
		}, true},
		"drips": {func(ctx context.Context) io.Reader {
			return &trickle{ctx: ctx, interval: time.Second, piece: content[:1], pieces: -1}
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				requests := 0
				opts := defaults(func(r *http.Request) (*http.Response, error) {
					requests++
					if tt.body == nil {
						<-r.Context().Done()
						return nil, r.Context().Err()
					}
					return answer(r, 200, nil, tt.body(r.Context()), fireSize), nil
				})
				opts.Tries = 3
				c := openCache(t, opts)
				a := New("http://host/x", sha256Of(content))
				_, err := c.Fetch(t.Context(), a)
				e := requireKind(t, c, a, Unreachable, err)
				assert.True(t, e.Transient())
				assert.ErrorContains(t, err, "the server stopped sending: less than 65.5 kB in 1m0s (tried 3 times)")
				assert.Equal(t, 3, requests)
				if tt.kept {
					requireFiles(t, c, a.hash, extPartial, extResume)
				} else {
					requireFiles(t, c, a.hash)
				}
			})
		})
	}
}

// A server that sends 1 byte/s is given up after a minute, one with 4 KiB/s is not, however long it takes.
func TestStallTimeout(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		piece int
		took  time.Duration
		kind  Kind
	}{
		{"drips", 1, time.Minute, Unreachable},
		{"slow", 4096, 300 * time.Second, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				piece := pseudoRandom(tt.piece)
				content := bytes.Repeat(piece, 300)
				opts := defaults(func(r *http.Request) (*http.Response, error) {
					body := &trickle{ctx: r.Context(), interval: time.Second, piece: piece, pieces: 300}
					return answer(r, 200, nil, body, int64(len(content))), nil
				})
				opts.Tries = 1
				c := openCache(t, opts)
				started := time.Now()
				_, err := c.Fetch(t.Context(), New("http://host/x", sha256Of(content)))
				assert.Equal(t, tt.kind, kindOf(err), "%v", err)
				assert.Equal(t, tt.took, time.Since(started))
			})
		})
	}
}

// Attempts that get on do not use up the tries: a line that breaks every 100 kB brings a large file all the same.
func TestProgressRenewsTries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		content := pseudoRandom(2_000_000)
		c := openCache(t, defaults(func(r *http.Request) (*http.Response, error) {
			start := 0
			status, header := 200, http.Header{}
			if from := r.Header.Get("Range"); from != "" {
				start, _ = strconv.Atoi(from[len("bytes=") : len(from)-1])
				status = 206
				header.Set("Content-Range", "bytes "+strconv.Itoa(start)+"-1999999/2000000")
			}
			rest := content[start:]
			body := io.MultiReader(bytes.NewReader(rest[:min(100_000, len(rest))]), failingReader{})
			return answer(r, status, header, body, int64(len(rest))), nil
		}))
		path, err := c.Fetch(t.Context(), New("http://host/x", sha256Of(content)))
		require.NoError(t, err)
		requireContent(t, content, path)
	})
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

// The context ends a wait between attempts, and the error tells why there was a wait.
func TestCanceledWhileBackingOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := openCache(t, defaults(func(r *http.Request) (*http.Response, error) {
			return answer(r, 503, http.Header{"Retry-After": {"100"}}, http.NoBody, 0), nil
		}))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		started := time.Now()
		a := New("http://host/x", sha256Of([]byte("x")))
		_, err := c.Fetch(ctx, a)
		requireKind(t, c, a, Canceled, err)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "host answered 503 Service Unavailable")
		assert.Equal(t, 10*time.Second, time.Since(started))
	})
}

func TestProgressReports(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		content := bytes.Repeat(pseudoRandom(100_000), 10)
		opts := defaults(func(r *http.Request) (*http.Response, error) {
			body := &trickle{ctx: r.Context(), interval: time.Second, piece: content[:100_000], pieces: 10}
			return answer(r, 200, nil, body, int64(len(content))), nil
		})
		var reports []Progress
		opts.Progress = func(p Progress) { reports = append(reports, p) }
		a := New("http://host/dir/x.bin", sha256Of(content))
		_, err := openCache(t, opts).Fetch(t.Context(), a)
		require.NoError(t, err)

		require.Len(t, reports, 11)
		assert.Equal(t, Progress{
			Asset: a, Source: a.URL(), Bytes: 300_000, Total: 1_000_000, Rate: 100_000, Elapsed: 3 * time.Second,
		}, reports[2])
		left, ok := reports[2].Remaining()
		assert.True(t, ok)
		assert.Equal(t, 7*time.Second, left)
		assert.Equal(t, "x.bin: 300.0 kB of 1.0 MB (30%), 100.0 kB/s, 7s left", reports[2].String())
		assert.True(t, reports[10].Done)
		assert.NoError(t, reports[10].Err)
		assert.Equal(t, "x.bin: 1.0 MB of 1.0 MB (100%) in 10s", reports[10].String())
	})
}

func TestParseRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"":                              0,
		"0":                             0,
		"12":                            12 * time.Second,
		"-5":                            0,
		"99999999999999":                0,
		"soon":                          0,
		"Fri, 02 Jan 2026 03:05:05 GMT": time.Minute,
		"Fri, 02 Jan 2026 03:03:05 GMT": 0,
	} {
		assert.Equal(t, want, parseRetryAfter(header, now), "%q", header)
	}
}

func TestParseContentRange(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		header      string
		start, size int64
		ok          bool
	}{
		{"bytes 100-199/1000", 100, 1000, true},
		{"bytes 0-0/1", 0, 1, true},
		{"bytes 100-199/*", 100, -1, true},
		{"bytes 100-199/199", 0, 0, false},
		{"bytes 199-100/1000", 0, 0, false},
		{"bytes */1000", 0, 0, false},
		{"bytes -1-5/10", 0, 0, false},
		{"100-199/1000", 0, 0, false},
		{"bytes 100-199", 0, 0, false},
		{"bytes 1-99999999999999999999/*", 0, 0, false},
		{"", 0, 0, false},
	} {
		start, size, ok := parseContentRange(tt.header)
		assert.Equal(t, tt.ok, ok, tt.header)
		if tt.ok {
			assert.Equal(t, tt.start, start, tt.header)
			assert.Equal(t, tt.size, size, tt.header)
		}
	}
}

func FuzzParseContentRange(f *testing.F) {
	f.Add("bytes 100-199/1000")
	f.Add("bytes 5-9/*")
	f.Add("bytes */7")
	f.Fuzz(func(t *testing.T, header string) {
		start, size, ok := parseContentRange(header)
		if ok && (start < 0 || size == 0 || size >= 0 && start >= size) {
			t.Errorf("%q gives start %d of %d", header, start, size)
		}
	})
}

func FuzzParseRetryAfter(f *testing.F) {
	f.Add("120")
	f.Add("Fri, 02 Jan 2026 03:05:05 GMT")
	f.Fuzz(func(t *testing.T, header string) {
		if wait := parseRetryAfter(header, time.Now()); wait < 0 {
			t.Errorf("%q gives the wait %v", header, wait)
		}
	})
}
