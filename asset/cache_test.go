package asset

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestFetch(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(300_000)
	s := serveContent(t, content)
	c := openCache(t, quiet(t))
	a := New(s.URL+"/kernel.bin", strings.ToUpper(sha256Of(content)))

	_, ok := c.Cached(a)
	assert.False(t, ok)
	assert.NoDirExists(t, c.Dir(), "asking alone must not create anything")

	path, err := c.Fetch(t.Context(), a)
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(c.Dir(), a.Hash()), path)
	requireContent(t, content, path)
	requireFiles(t, c, a.hash, extData, extStamp, extRecord)

	fi, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o440), fi.Mode())
	stamp, err := os.ReadFile(path + ".stamp")
	require.NoError(t, err)
	seconds, err := strconv.ParseInt(string(stamp), 10, 64)
	require.NoError(t, err, "QEMU's suite reads the stamp with int()")
	assert.WithinDuration(t, time.Now(), time.Unix(seconds, 0), time.Minute)

	again, err := c.Fetch(t.Context(), a)
	require.NoError(t, err)
	assert.Equal(t, path, again)
	cached, ok := c.Cached(a)
	assert.True(t, ok)
	assert.Equal(t, path, cached)
	assert.EqualValues(t, 1, s.requests.Load())
}

func TestFetchSetsAttributes(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(10)
	s := serveContent(t, content)
	c := openCache(t, quiet(t))
	a := New(s.URL+"/x", sha256Of(content))
	probe := put(t, c, a.hash, extLock, nil)
	if err := unix.Setxattr(probe, "user.qemu-asset-test", []byte("x"), 0); err != nil {
		t.Skipf("the file system of %s has no extended attributes: %v", probe, err)
	}
	path, err := c.Fetch(t.Context(), a)
	require.NoError(t, err)
	url, err := readXattr(path, "user.qemu-asset-url")
	require.NoError(t, err)
	assert.Equal(t, a.URL(), url)
	hash, err := readXattr(path, "user.qemu-asset-hash")
	require.NoError(t, err)
	assert.Equal(t, a.Hash(), hash)
}

func TestFetchSHA512(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(1000)
	s := serveContent(t, content)
	c := openCache(t, quiet(t))
	sum := sha512.Sum512(content)
	path, err := c.Fetch(t.Context(), New(s.URL, hex.EncodeToString(sum[:])))
	require.NoError(t, err)
	requireContent(t, content, path)
}

// A verified file is not read again: here it even has the wrong content, with a record that says otherwise.
func TestFetchTrustsRecord(t *testing.T) {
	t.Parallel()
	c := openCache(t, quiet(t))
	a := New("http://127.0.0.1:1/x", sha256Of([]byte("right")))
	path := put(t, c, a.hash, extData, []byte("wrong"))
	fi, err := os.Stat(path)
	require.NoError(t, err)
	put(t, c, a.hash, extRecord, []byte(identityOf(fi).String()+"\n-\n"))
	_, err = c.Fetch(t.Context(), a)
	require.NoError(t, err)
}

func TestFetchNoticesChange(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(1000)
	for name, change := range map[string]func(t *testing.T, path string){
		"appended": func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, append(pseudoRandom(1000), 'x'), 0o640))
		},
		"same size and mtime": func(t *testing.T, path string) {
			fi, err := os.Stat(path)
			require.NoError(t, err)
			time.Sleep(20 * time.Millisecond) // coarser than the clock of file times, 4 to 10 ms
			require.NoError(t, os.WriteFile(path, make([]byte, 1000), 0o640))
			require.NoError(t, os.Chtimes(path, fi.ModTime(), fi.ModTime()))
		},
		"other file": func(t *testing.T, path string) {
			other := path + "x"
			require.NoError(t, os.WriteFile(other, make([]byte, 1000), 0o640))
			require.NoError(t, os.Rename(other, path))
		},
		"torn record": func(t *testing.T, path string) {
			require.NoError(t, os.Chmod(path, 0o640))
			require.NoError(t, os.WriteFile(path, nil, 0o640))
			require.NoError(t, os.WriteFile(path+extRecord, []byte("size=0 ino"), 0o640))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serveContent(t, content)
			c := openCache(t, quiet(t))
			a := New(s.URL, sha256Of(content))
			path, err := c.Fetch(t.Context(), a)
			require.NoError(t, err)
			require.NoError(t, os.Chmod(path, 0o640))
			change(t, path)
			_, ok := c.Cached(a)
			assert.False(t, ok)
			path, err = c.Fetch(t.Context(), a)
			require.NoError(t, err)
			requireContent(t, content, path)
			assert.EqualValues(t, 2, s.requests.Load())
		})
	}
}

// A file that another program put under its hash, such as an older QEMU suite, is verified once and used.
func TestFetchAdoptsFile(t *testing.T) {
	t.Parallel()
	c := openCache(t, Options{NoDownload: true})
	content := pseudoRandom(1000)
	a := New("http://127.0.0.1:1/x", sha256Of(content))
	put(t, c, a.hash, extData, content)
	assert.NoError(t, c.Available(a))
	path, err := c.Fetch(t.Context(), a)
	require.NoError(t, err)
	requireContent(t, content, path)
	requireFiles(t, c, a.hash, extData, extStamp, extRecord)
}

func TestNoDownload(t *testing.T) {
	t.Parallel()
	opts := quiet(t)
	opts.NoDownload = true
	opts.Mirrors = []string{"http://127.0.0.1:1/mirror"}
	c := openCache(t, opts)
	a := New("http://127.0.0.1:1/x", sha256Of([]byte("right")))

	requireKind(t, c, a, Offline, c.Available(a))
	_, err := c.Fetch(t.Context(), a)
	e := requireKind(t, c, a, Offline, err)
	assert.True(t, e.Transient())

	path := put(t, c, a.hash, extData, []byte("wrong"))
	_, err = c.Fetch(t.Context(), a)
	require.ErrorContains(t, err, "the cached file has the wrong content")
	require.ErrorContains(t, c.Available(a), "the cached file has the wrong content")
	require.NoError(t, os.Remove(path))

	assert.NoError(t, openCache(t, quiet(t)).Available(a), "with downloads there is hope")
}

func TestBadAsset(t *testing.T) {
	t.Parallel()
	c := openCache(t, quiet(t))
	a := New("http://127.0.0.1:1/x", "12")
	_, err := c.Fetch(t.Context(), a)
	requireKind(t, c, a, BadAsset, err)
	requireKind(t, c, a, BadAsset, c.Available(a))
	_, ok := c.Cached(a)
	assert.False(t, ok)
}

func TestOpenCacheNeedsDirectory(t *testing.T) {
	t.Parallel()
	_, err := OpenCache("", Options{})
	require.ErrorContains(t, err, "name is empty")
}

func TestFetchOnceForManyGoroutines(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(500_000)
	s := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		time.Sleep(20 * time.Millisecond) // let the others come
		sendContent(w, r, content, `"v1"`)
	})
	root := t.TempDir()
	caches := []*Cache{openCacheAt(t, root, quiet(t)), openCacheAt(t, root, quiet(t))}
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			// The same content under two URLs is one file.
			path, err := caches[i%2].Fetch(t.Context(), New(s.URL+"/"+strconv.Itoa(i%3), sha256Of(content)))
			if assert.NoError(t, err) {
				got, err := os.ReadFile(path)
				assert.NoError(t, err)
				assert.Equal(t, sha256Of(content), sha256Of(got))
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 1, s.requests.Load())
}

// The download goes on when the goroutine that began it gives up and another still waits.
func TestFetchSurvivesItsFirstCaller(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(1000)
	arrived, proceed := make(chan struct{}), make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		close(arrived)
		<-proceed
		sendContent(w, r, content, `"v1"`)
	})
	c := openCache(t, quiet(t))
	a := New(s.URL, sha256Of(content))
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error)
	go func() { _, err := c.Fetch(ctx, a); first <- err }()
	<-arrived

	second := make(chan error)
	go func() { _, err := c.Fetch(t.Context(), a); second <- err }()
	require.Eventually(t, func() bool { return c.flights.waiting(a.hash+" "+a.url) == 2 }, 10*time.Second, time.Millisecond)
	cancel()
	requireKind(t, c, a, Canceled, <-first)
	close(proceed)
	require.NoError(t, <-second)
	assert.EqualValues(t, 1, s.requests.Load())
}

func TestFetchCanceled(t *testing.T) {
	t.Parallel()
	content := pseudoRandom(200_000)
	sent := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if n > 1 {
			sendContent(w, r, content, `"v1"`)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		w.Header().Set("ETag", `"v1"`)
		_, _ = w.Write(content[:150_000])
		_ = http.NewResponseController(w).Flush()
		close(sent)
		<-r.Context().Done()
	})
	c := openCache(t, quiet(t))
	a := New(s.URL, sha256Of(content))
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("the test is over")
	go func() {
		<-sent
		assert.Eventually(t, func() bool {
			fi, err := os.Stat(c.path(a.hash, extPartial))
			return err == nil && fi.Size() == 150_000
		}, 10*time.Second, time.Millisecond)
		cancel(reason)
	}()
	_, err := c.Fetch(ctx, a)
	e := requireKind(t, c, a, Canceled, err)
	assert.True(t, e.Transient())
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, reason)
	requireFiles(t, c, a.hash, extPartial, extResume)

	path, err := c.Fetch(t.Context(), a)
	require.NoError(t, err)
	requireContent(t, content, path)
	assert.EqualValues(t, 1, s.ranged.Load(), "the second fetch goes on where the first stopped")
}

// waiting returns how many goroutines wait for a flight.
func (fs *flights) waiting(key string) int {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f := fs.all[key]; f != nil {
		return f.waiters
	}
	return 0
}
