package asset

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// benchCache returns a cache with one verified asset of the given size.
func benchCache(b *testing.B, size int) (*Cache, *Asset) {
	b.Helper()
	content := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	mirror := b.TempDir()
	a := New("http://127.0.0.1:1/x", sha256Of(content))
	require.NoError(b, os.WriteFile(filepath.Join(mirror, a.hash), content, 0o644))
	opts := quiet(b)
	opts.Mirrors = []string{mirror}
	c := openCache(b, opts)
	_, err := c.Fetch(b.Context(), a)
	require.NoError(b, err)
	return c, a
}

// BenchmarkFetchCached is a valid asset that this process has fetched before.
func BenchmarkFetchCached(b *testing.B) {
	c, a := benchCache(b, 1<<20)
	for b.Loop() {
		if _, err := c.Fetch(b.Context(), a); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFetchCachedFirst is a valid asset that this process has not fetched before: it reads the record, locks the
// stamp and writes it. The closing, and so the unlocking, is counted as well.
func BenchmarkFetchCachedFirst(b *testing.B) {
	warm, a := benchCache(b, 1<<20)
	for b.Loop() {
		c := Cache{root: warm.root, dir: warm.dir, opts: warm.opts, client: warm.client,
			known: map[string]identity{}, holds: map[string]*hold{}}
		if _, err := c.Fetch(b.Context(), a); err != nil {
			b.Fatal(err)
		}
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDownload is the transfer of 64 MiB from a server on this host, with hashing, into the page cache.
func BenchmarkDownload(b *testing.B) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 4<<20)
	s := serveContent(b, content)
	c := openCache(b, quiet(b))
	a := New(s.URL, sha256Of(content))
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		if _, err := c.Fetch(b.Context(), a); err != nil {
			b.Fatal(err)
		}
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
		if err := c.Remove(a.hash); err != nil {
			b.Fatal(err)
		}
	}
}
