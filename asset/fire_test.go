package asset

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fireSize is the size of the file that the hostile servers below have, or claim to have.
const fireSize = 300_000

// handler is one answer of a hostile server; n counts the requests from 1.
type handler func(w http.ResponseWriter, r *http.Request, n int)

// cut sends a truncated answer: the whole length announced, part of the content, and the end of the connection.
func cut(w http.ResponseWriter, content []byte, at int, etag string) {
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	if etag != "" {
		w.Header().Set("ETag", etag)
	}
	_, _ = w.Write(content[:at])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// raw answers with exactly these bytes and closes the connection, with a reset if asked.
func raw(w http.ResponseWriter, text string, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = conn.Write([]byte(text))
	if reset {
		_ = conn.(*net.TCPConn).SetLinger(0)
	}
	_ = conn.Close()
}

// Servers with which the file is had in the end, whatever they do on the way.
func TestFetchOvercomes(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(fireSize)
	other := bytes.Repeat([]byte("other"), fireSize/5) // same length
	good := func(w http.ResponseWriter, r *http.Request) { sendContent(w, r, content, `"v1"`) }
	for _, tt := range []struct {
		name     string
		serve    handler
		requests int // how many it takes
		ranged   int // how many of them ask for a part
	}{
		{"truncates again and again", func(w http.ResponseWriter, r *http.Request, n int) {
			if n > 4 {
				good(w, r)
				return
			}
			rec := httptest.NewRecorder()
			good(rec, r)
			for k, v := range rec.Header() {
				w.Header()[k] = v
			}
			w.WriteHeader(rec.Code)
			_, _ = w.Write(rec.Body.Bytes()[:50_000])
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, 5, 4},
		{"resets the connection at once", func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				raw(w, "", true)
			}
			good(w, r)
		}, 2, 0},
		{"resets in the middle", func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				raw(w, "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n"+string(content[:1000]), true)
			}
			good(w, r)
		}, 2, -1}, // a reset may overtake the bytes before it
		{"speaks no HTTP", func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				raw(w, "220 ftp ready\r\n", false)
			}
			good(w, r)
		}, 2, 0},
		{"is overloaded", func(w http.ResponseWriter, r *http.Request, n int) {
			if n < 4 {
				w.WriteHeader([]int{503, 429, 500}[n-1])
				return
			}
			good(w, r)
		}, 4, 0},
		{"ignores ranges", func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				cut(w, content, 1000, `"v1"`)
			}
			r.Header.Del("Range")
			good(w, r)
		}, 2, 1},
		{"answers ranges from the wrong offset", func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				cut(w, content, 1000, `"v1"`)
			}
			if r.Header.Get("Range") != "" {
				r.Header.Set("Range", "bytes=10-")
			}
			good(w, r)
		}, 3, 1},
		{"answers ranges without saying which", func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				cut(w, content, 1000, `"v1"`)
			}
			if r.Header.Get("Range") != "" {
				w.WriteHeader(http.StatusPartialContent)
				_, _ = w.Write(content[1000:])
				return
			}
			good(w, r)
		}, 3, 1},
		{"answers ranges with another size", func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				cut(w, content, 1000, "")
			}
			if r.Header.Get("Range") != "" {
				w.Header().Set("Content-Range", "bytes 1000-299999/300001")
				w.WriteHeader(http.StatusPartialContent)
				_, _ = w.Write(content[1000:])
				return
			}
			good(w, r)
		}, 3, 1},
		{"refuses ranges", func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				cut(w, content, 1000, `"v1"`)
			}
			if r.Header.Get("Range") != "" {
				w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
				return
			}
			good(w, r)
		}, 3, 1},
		{"changes the file and honours If-Range", func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				cut(w, other, 1000, `"v0"`)
			}
			assert.Equal(t, `"v0"`, r.Header.Get("If-Range"))
			good(w, r)
		}, 2, 1},
		{"changes the file and ignores If-Range", func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				cut(w, other, 1000, `"v0"`)
			}
			r.Header.Del("If-Range")
			good(w, r)
		}, 3, 1},
		{"changes the file and has no validators", func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				cut(w, other, 1000, "")
			}
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
		}, 3, 1},
		{"has a weak validator only", func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				cut(w, content, 1000, `W/"v1"`)
			}
			assert.Empty(t, r.Header.Get("If-Range"), "RFC 9110 allows no weak one there")
			sendContent(w, r, content, `W/"v1"`)
		}, 2, 1},
		{"changes the file and has its date", func(w http.ResponseWriter, r *http.Request, n int) {
			before := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			if n == 1 {
				w.Header().Set("Last-Modified", before.Format(http.TimeFormat))
				cut(w, other, 1000, "")
			}
			assert.Equal(t, before.Format(http.TimeFormat), r.Header.Get("If-Range"))
			http.ServeContent(w, r, "", before.Add(time.Hour), bytes.NewReader(content))
		}, 2, 1},
		{"announces too much", func(w http.ResponseWriter, r *http.Request, n int) {
			raw(w, "HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n"+string(content), false)
		}, 1, 0}, // all there: the hash says so
		{"sends HTTP/1.0 and breaks off", func(w http.ResponseWriter, r *http.Request, n int) {
			end := fireSize
			if n == 1 {
				end = 1000
			}
			raw(w, "HTTP/1.0 200 OK\r\n\r\n"+string(content[:end]), false)
		}, 2, 0},
		{"claims a content encoding", func(w http.ResponseWriter, r *http.Request, n int) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(content)
		}, 1, 0},
		{"redirects", func(w http.ResponseWriter, r *http.Request, n int) {
			if n < 9 {
				http.Redirect(w, r, fmt.Sprintf("/%d", n), http.StatusFound)
				return
			}
			good(w, r)
		}, 9, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, tt.serve)
			c := openCache(t, quiet(t))
			a := New(s.URL+"/x", sha256Of(content))
			path, err := c.Fetch(t.Context(), a)
			require.NoError(t, err)
			requireContent(t, content, path)
			requireFiles(t, c, a.hash, extData, extStamp, extRecord)
			assert.EqualValues(t, tt.requests, s.requests.Load())
			if tt.ranged >= 0 {
				assert.EqualValues(t, tt.ranged, s.ranged.Load())
			}
		})
	}
}

// Servers from which the file can't be had: the right kind of error, and never a byte under the hash. Those that stall
// are in TestFetchFailsOfStalls.
func TestFetchFails(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(fireSize)
	other := bytes.Repeat([]byte("other"), fireSize/5)
	status := func(code int) handler {
		return func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(code) }
	}
	for _, tt := range []struct {
		name      string
		serve     handler
		kind      Kind
		transient bool
		requests  int
		text      string
		kept      bool // the partial file is of use to a later fetch
	}{
		{"404", status(404), NotFound, false, 1, "404 Not Found", false},
		{"410", status(410), NotFound, false, 1, "410 Gone", false},
		{"403", status(403), Refused, true, 1, "403 Forbidden", false},
		{"500", status(500), Refused, true, 3, "500 Internal Server Error (tried 3 times)", false},
		{"429", status(429), Refused, true, 3, "429 Too Many Requests", false},
		{"206 that was not asked for", status(206), Refused, true, 1, "206 Partial Content", false},
		{"204", status(204), Refused, true, 1, "204 No Content", false},
		{"wrong bytes", func(w http.ResponseWriter, r *http.Request, _ int) {
			sendContent(w, r, other, `"v1"`)
		}, WrongHash, false, 1, "300000 bytes with the hash " + sha256Of(other), false},
		{"login page", func(w http.ResponseWriter, r *http.Request, _ int) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write([]byte("<html>sign in"))
		}, WrongHash, false, 1, "a login or error page?", false},
		{"announces too little", func(w http.ResponseWriter, r *http.Request, _ int) {
			raw(w, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"+string(content), false)
		}, WrongHash, false, 1, "1000 bytes", false},
		{"always truncates and has no ranges", func(w http.ResponseWriter, r *http.Request, _ int) {
			cut(w, content, 1000, "")
		}, Unreachable, true, 3, "the connection ended after 1.0 kB of 300.0 kB", true},
		{"always breaks off in HTTP/1.0", func(w http.ResponseWriter, r *http.Request, n int) {
			raw(w, "HTTP/1.0 200 OK\r\n\r\n"+string(content[:1000*n]), false)
		}, Unreachable, true, 3, "bytes with the hash", false},
		{"wrong bytes in HTTP/1.0", func(w http.ResponseWriter, r *http.Request, n int) {
			raw(w, "HTTP/1.0 200 OK\r\n\r\n"+string(other), false)
		}, WrongHash, false, 2, "300000 bytes with the hash", false},
		{"redirects in a circle", func(w http.ResponseWriter, r *http.Request, _ int) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		}, Refused, true, 10, "stopped after 10 redirects", false},
		{"redirects to a file", func(w http.ResponseWriter, r *http.Request, _ int) {
			w.Header().Set("Location", "file:///etc/hostname")
			w.WriteHeader(http.StatusFound)
		}, Unreachable, true, 3, "unsupported protocol scheme", false},
		{"never stops sending", func(w http.ResponseWriter, r *http.Request, _ int) {
			for chunk := make([]byte, 64<<10); r.Context().Err() == nil; {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}, WrongHash, false, 1, "larger than the limit of 1.0 MB", false},
		{"announces an enormous size", func(w http.ResponseWriter, r *http.Request, _ int) {
			cut(w, make([]byte, 2_000_000), 10, "")
		}, WrongHash, false, 1, "larger than the limit of 1.0 MB", false},
		{"changes the file at each request", func(w http.ResponseWriter, r *http.Request, n int) {
			content := bytes.Repeat([]byte{byte(n)}, fireSize)
			if r.Header.Get("Range") != "" {
				sendContent(w, r, content, fmt.Sprintf(`"v%d"`, n))
				return
			}
			cut(w, content, 1000, fmt.Sprintf(`"v%d"`, n))
		}, WrongHash, false, 2, "300000 bytes with the hash", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, tt.serve)
			opts := quiet(t)
			opts.Tries = 3
			opts.MaxSize = 1_000_000
			c := openCache(t, opts)
			a := New(s.URL+"/x", sha256Of(content))
			_, err := c.Fetch(t.Context(), a)
			e := requireKind(t, c, a, tt.kind, err)
			assert.Equal(t, tt.transient, e.Transient())
			assert.ErrorContains(t, err, tt.text)
			assert.EqualValues(t, tt.requests, s.requests.Load())
			if tt.kept {
				requireFiles(t, c, a.hash, extPartial, extResume)
			} else {
				requireFiles(t, c, a.hash)
			}
		})
	}
}

func TestFetchNobodyListens(t *testing.T) {
	t.Parallel()
	c := openCache(t, quiet(t))
	a := New("http://127.0.0.1:1/x", sha256Of([]byte("x"))) // tcpmux: a port that no test gets
	_, err := c.Fetch(t.Context(), a)
	e := requireKind(t, c, a, Unreachable, err)
	assert.Equal(t, 2, e.Tries, "a host that is not there is not asked for long")
	assert.ErrorContains(t, err, "connection refused")
}

// A request says who asks, and wants the bytes as they are.
func TestRequestHeaders(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(10)
	s := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		assert.Contains(t, r.UserAgent(), "qemu-functional-test")
		assert.Equal(t, "identity", r.Header.Get("Accept-Encoding"))
		sendContent(w, r, content, `"v1"`)
	})
	_, err := openCache(t, quiet(t)).Fetch(t.Context(), New(s.URL, sha256Of(content)))
	require.NoError(t, err)
}

// A partial file that something damaged, or whose end a power cut lost, costs a download and nothing else.
func TestFetchDistrustsPartial(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(fireSize)
	for _, tt := range []struct {
		name    string
		partial []byte
		resume  string
		ranged  int
	}{
		{"good", content[:1000], `{"url":"%s","etag":"\"v1\"","size":300000}`, 1},
		{"complete", content, `{"url":"%s","etag":"\"v1\"","size":300000}`, 0},
		{"damaged", make([]byte, 1000), `{"url":"%s","etag":"\"v1\"","size":300000}`, 1},
		{"longer than the file", append(bytes.Clone(content), 1), `{"url":"%s","etag":"\"v1\"","size":300000}`, 1},
		{"of another URL", content[:1000], `{"url":"%s/other","etag":"\"v1\"","size":300000}`, 0},
		{"with a garbled record", content[:1000], `{"url":"%s`, 0},
		{"with an absurd record", content[:1000], `{"url":"%s","size":-77}`, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serveContent(t, content)
			c := openCache(t, quiet(t))
			a := New(s.URL, sha256Of(content))
			put(t, c, a.hash, extPartial, tt.partial)
			put(t, c, a.hash, extResume, fmt.Appendf(nil, tt.resume, s.URL))
			path, err := c.Fetch(t.Context(), a)
			require.NoError(t, err)
			requireContent(t, content, path)
			requireFiles(t, c, a.hash, extData, extStamp, extRecord)
			assert.EqualValues(t, tt.ranged, s.ranged.Load())
		})
	}
}

// A download that is canceled before its first byte keeps what an earlier one left.
func TestCanceledAtOnceKeepsPartial(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(1000)
	c := openCache(t, quiet(t))
	a := New("http://127.0.0.1:1/", sha256Of(content))
	put(t, c, a.hash, extPartial, content[:500])
	put(t, c, a.hash, extResume, []byte(`{"url":"http://127.0.0.1:1/","size":1000}`))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Fetch(ctx, a)
	requireKind(t, c, a, Canceled, err)
	requireFiles(t, c, a.hash, extPartial, extResume)
}

// The scripted answers above are what they claim to be.
func TestRawAnswersAsTold(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { raw(w, "HTTP/1.0 200 OK\r\n\r\nabc", false) })
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.EqualValues(t, -1, resp.ContentLength)
}
