package asset

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// helperEnv makes the test binary fetch one asset instead of running tests: the other process of the tests that need one.
const helperEnv = "ASSET_TEST_FETCH"

func TestMain(m *testing.M) {
	if os.Getenv(helperEnv) != "" {
		os.Exit(helperMain(os.Args[1:]))
	}
	log.SetOutput(io.Discard) // net/http logs what the hostile servers do, on both sides
	os.Exit(m.Run())
}

// helperMain fetches the URL and hash in args into the cache of the environment, and prints reports and the path.
func helperMain(args []string) int {
	root, opts, err := Environment()
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	opts.Progress = func(p Progress) { fmt.Printf("progress %d waiting %t\n", p.Bytes, p.Waiting) }
	opts.Backoff = time.Millisecond
	c, err := OpenCache(root, opts)
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	path, err := c.Fetch(context.Background(), New(args[0], args[1]))
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	fmt.Println("path", path)
	return 0
}

// helper returns the command of another process that fetches a into the cache at root.
func helper(t *testing.T, root string, a *Asset, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], a.URL(), a.Hash())
	cmd.Env = append(os.Environ(), helperEnv+"=1", EnvCacheDir+"="+root)
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

// pseudoRandom returns n bytes that no part of repeats, the same for each call.
func pseudoRandom(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		sum := sha256.Sum256([]byte(strconv.Itoa(i)))
		b.Write(sum[:])
	}
	return b.Bytes()[:n]
}

func sha256Of(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// originServer is a server on 127.0.0.1 that counts its requests.
type originServer struct {
	*httptest.Server
	requests atomic.Int32
	ranged   atomic.Int32 // requests with a Range
}

// serve starts a server whose requests go to handle, numbered from 1.
func serve(t testing.TB, handle func(w http.ResponseWriter, r *http.Request, n int)) *originServer {
	t.Helper()
	s := &originServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") != "" {
			s.ranged.Add(1)
		}
		handle(w, r, int(s.requests.Add(1)))
	}))
	t.Cleanup(s.Close)
	return s
}

// serveContent starts a faultless server with one file.
func serveContent(t testing.TB, content []byte) *originServer {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request, _ int) { sendContent(w, r, content, `"v1"`) })
}

// sendContent answers like a good file server: with ranges and an ETag.
func sendContent(w http.ResponseWriter, r *http.Request, content []byte, etag string) {
	w.Header().Set("ETag", etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// quiet are options for tests: quick retries, and reports only to the log.
func quiet(t testing.TB) Options {
	return Options{
		Backoff:  time.Millisecond,
		Progress: func(Progress) {},
		Note:     func(s string) { t.Log("note:", s) },
	}
}

func openCache(t testing.TB, opts Options) *Cache {
	t.Helper()
	return openCacheAt(t, t.TempDir(), opts)
}

func openCacheAt(t testing.TB, root string, opts Options) *Cache {
	t.Helper()
	c, err := OpenCache(root, opts)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	return c
}

// put writes a file of the asset into the cache as another program would.
func put(t testing.TB, c *Cache, hash, ext string, content []byte) string {
	t.Helper()
	require.NoError(t, c.makeDir())
	path := c.path(hash, ext)
	require.NoError(t, os.WriteFile(path, content, 0o644))
	return path
}

// requireContent checks that a fetch gave the right file.
func requireContent(t testing.TB, want []byte, path string) {
	t.Helper()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got), "%s has %d bytes of the wrong content", path, len(got))
}

// requireFiles checks which files of the asset are in the cache, by extension.
func requireFiles(t testing.TB, c *Cache, hash string, exts ...string) {
	t.Helper()
	files, err := filepath.Glob(c.path(hash, "") + "*")
	require.NoError(t, err)
	got := []string{}
	for _, f := range files {
		got = append(got, filepath.Base(f)[len(hash):])
	}
	require.ElementsMatch(t, exts, got)
}

// requireKind checks the kind of an error and that nothing is under the hash.
func requireKind(t testing.TB, c *Cache, a *Asset, want Kind, err error) *Error {
	t.Helper()
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, want, e.Kind, "%v", e)
	require.NoFileExists(t, c.path(a.hash, extData))
	return e
}
