package asset

import (
	"bufio"
	"bytes"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// slowly answers like sendContent, but in pieces with a pause after each.
func slowly(w http.ResponseWriter, r *http.Request, content []byte, piece int, pause time.Duration) {
	sendContent(&slowWriter{ResponseWriter: w, piece: piece, pause: pause}, r, content, `"v1"`)
}

type slowWriter struct {
	http.ResponseWriter
	piece int
	pause time.Duration
}

func (w *slowWriter) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		n, err := w.ResponseWriter.Write(p[:min(w.piece, len(p))])
		written += n
		if err != nil {
			return written, err
		}
		p = p[n:]
		if err := http.NewResponseController(w.ResponseWriter).Flush(); err != nil {
			return written, err
		}
		time.Sleep(w.pause)
	}
	return written, nil
}

// The proxy of the environment is asked for the whole URL. A process reads these variables once, so it takes another one.
func TestProxyFromEnvironment(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(1000)
	s := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		assert.Equal(t, "http://asset.invalid/x", r.URL.String())
		sendContent(w, r, content, `"v1"`)
	})
	a := New("http://asset.invalid/x", sha256Of(content))
	out, err := helper(t, t.TempDir(), a, "http_proxy="+s.URL, "no_proxy=").CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.EqualValues(t, 1, s.requests.Load())
}

func TestFetchOnceForManyProcesses(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(500_000)
	s := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		slowly(w, r, content, 50_000, 50*time.Millisecond) // long enough for all processes to come
	})
	root := t.TempDir()
	a := New(s.URL, sha256Of(content))
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			out, err := helper(t, root, a).CombinedOutput()
			assert.NoError(t, err, "%s", out)
		})
	}
	wg.Wait()
	assert.EqualValues(t, 1, s.requests.Load())
	c := openCacheAt(t, root, quiet(t))
	path, ok := c.Cached(a)
	require.True(t, ok)
	requireContent(t, content, path)
	requireFiles(t, c, a.hash, extData, extStamp, extRecord)
}

// A process that waits shows the progress of the one that downloads, and goes on in its place when that is killed.
func TestWaiterTakesOver(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(300_000)
	s := serve(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if n > 1 {
			sendContent(w, r, content, `"v1"`)
			return
		}
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		_, _ = w.Write(content[:200_000])
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	c := openCache(t, quiet(t))
	a := New(s.URL, sha256Of(content))

	first := helper(t, c.root, a)
	require.NoError(t, first.Start())
	require.Eventually(t, func() bool { return c.size(a.hash, []string{extPartial}) == 200_000 }, 20*time.Second, time.Millisecond)

	second := helper(t, c.root, a)
	out, err := second.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, second.Start())
	killed := false
	var seen []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		seen = append(seen, lines.Text())
		if lines.Text() == "progress 200000 waiting true" && !killed {
			require.NoError(t, first.Process.Kill())
			_ = first.Wait()
			killed = true
		}
	}
	require.NoError(t, second.Wait(), "%v", seen)
	assert.True(t, killed, "the second process showed no progress: %v", seen)
	assert.EqualValues(t, 2, s.requests.Load())
	assert.EqualValues(t, 1, s.ranged.Load())
	path, ok := c.Cached(a)
	require.True(t, ok)
	requireContent(t, content, path)
}

// killRounds is how many processes the next test kills.
func killRounds() int {
	switch {
	case os.Getenv("QEMU_TEST_TORTURE") != "":
		return 200
	case testing.Short():
		return 10
	}
	return 40
}

// Whenever a process is killed, what it leaves is either nothing or the right file, and the next process gets it done.
func TestKilledAtAnyPoint(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(1_000_000)
	s := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		slowly(w, r, content, 32<<10, time.Millisecond)
	})
	c := openCache(t, quiet(t))
	a := New(s.URL, sha256Of(content))
	completed := 0
	for range killRounds() {
		cmd := helper(t, c.root, a)
		require.NoError(t, cmd.Start())
		time.Sleep(rand.N(120 * time.Millisecond))
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if got, err := os.ReadFile(c.path(a.hash, extData)); err == nil {
			require.True(t, bytes.Equal(content, got), "a wrong byte under the hash")
			completed++
			path, err := c.Fetch(t.Context(), a)
			require.NoError(t, err)
			requireContent(t, content, path)
			require.NoError(t, c.Close())
			require.NoError(t, c.Remove(a.hash))
		}
	}
	t.Logf("%d of %d processes finished before they were killed; %d of %d requests continued a download",
		completed, killRounds(), s.ranged.Load(), s.requests.Load())
	path, err := c.Fetch(t.Context(), a)
	require.NoError(t, err)
	requireContent(t, content, path)
	requireFiles(t, c, a.hash, extData, extStamp, extRecord)
}

// What a process leaves when it is killed between the steps after the last byte.
func TestKilledAroundPublication(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(1000)
	for name, leave := range map[string]func(t *testing.T, c *Cache, a *Asset){
		"read-only partial file": func(t *testing.T, c *Cache, a *Asset) {
			path := put(t, c, a.hash, extPartial, content)
			put(t, c, a.hash, extResume, []byte(`{"url":"http://127.0.0.1:1/","size":1000}`))
			put(t, c, a.hash, extLock, nil)
			require.NoError(t, os.Chmod(path, 0o440))
			require.NoError(t, os.Link(path, c.path(a.hash, extUpstream)))
		},
		"renamed, still announced": func(t *testing.T, c *Cache, a *Asset) {
			path := put(t, c, a.hash, extData, content)
			require.NoError(t, os.Link(path, c.path(a.hash, extUpstream)))
			put(t, c, a.hash, extLock, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := openCache(t, quiet(t))
			a := New("http://127.0.0.1:1/", sha256Of(content))
			leave(t, c, a)
			path, err := c.Fetch(t.Context(), a)
			require.NoError(t, err)
			requireContent(t, content, path)
			_, err = c.Evict(t.Context(), EvictPolicy{})
			require.NoError(t, err)
			_, ok := c.Cached(a)
			assert.True(t, ok)
		})
	}
}

func TestRefreshOncePerRun(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(1000)
	s := serveContent(t, content)
	opts := quiet(t)
	c := openCache(t, opts)
	opts.Refresh = true
	refreshing := openCacheAt(t, c.root, opts)
	a := New(s.URL, sha256Of(content))

	put(t, c, a.hash, extData, content)
	_, err := c.Fetch(t.Context(), a)
	require.NoError(t, err)
	assert.EqualValues(t, 0, s.requests.Load(), "it was there")
	for range 2 {
		_, err = refreshing.Fetch(t.Context(), a)
		require.NoError(t, err)
		assert.EqualValues(t, 1, s.requests.Load())
	}

	offline := opts
	offline.NoDownload = true
	put(t, c, a.hash, extRecord, nil)
	_, err = openCacheAt(t, c.root, offline).Fetch(t.Context(), a)
	require.NoError(t, err, "no downloads overrules refresh")

	// Another run has another name in the record.
	record, err := os.ReadFile(c.path(a.hash, extRecord))
	require.NoError(t, err)
	id, _, _ := strings.Cut(string(record), "\n")
	put(t, c, a.hash, extRecord, []byte(id+"\nboot/1/1\n"))
	_, err = refreshing.Fetch(t.Context(), a)
	require.NoError(t, err)
	assert.EqualValues(t, 2, s.requests.Load())
}

// All processes under one "go test" are one run; that includes children of a test binary.
func TestRefreshOncePerRunOfProcesses(t *testing.T) {
	t.Parallel()
	p, err := lookupProcess(os.Getppid())
	if err != nil || p.name != "go" {
		t.Skip("this test binary was not started by go test, so that each process is a run of its own")
	}
	content := pseudoRandom(1000)
	s := serveContent(t, content)
	c := openCache(t, quiet(t))
	a := New(s.URL, sha256Of(content))
	for range 3 {
		out, err := helper(t, c.root, a, EnvRefresh+"=").CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	assert.EqualValues(t, 1, s.requests.Load())
}
