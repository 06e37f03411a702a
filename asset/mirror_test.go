package asset

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// mirrorTest is an asset with an origin and a cache whose notes are collected.
type mirrorTest struct {
	*Asset
	content []byte
	origin  *originServer
	opts    Options
	notes   []string
}

func newMirrorTest(t *testing.T) *mirrorTest {
	t.Helper()
	m := &mirrorTest{content: pseudoRandom(100_000)}
	m.origin = serveContent(t, m.content)
	m.Asset = New(m.origin.URL+"/x", sha256Of(m.content))
	m.opts = quiet(t)
	m.opts.Note = func(s string) { m.notes = append(m.notes, s) }
	return m
}

// mirrorDir makes a mirror directory with the given content under the asset's hash.
func (m *mirrorTest) mirrorDir(t *testing.T, content []byte) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, m.hash), content, 0o644))
	m.opts.Mirrors = append(m.opts.Mirrors, dir)
	return dir
}

func TestMirrorDirectory(t *testing.T) {
	t.Parallel()
	m := newMirrorTest(t)
	m.opts.NoDownload = true
	dir := m.mirrorDir(t, m.content)
	c := openCache(t, m.opts)
	require.NoError(t, c.Available(m.Asset))
	path, err := c.Fetch(t.Context(), m.Asset)
	require.NoError(t, err)
	requireContent(t, m.content, path)
	assert.EqualValues(t, 0, m.origin.requests.Load())
	assert.Empty(t, m.notes)

	// The copy has a life of its own.
	require.NoError(t, os.WriteFile(filepath.Join(dir, m.hash), []byte("changed"), 0o644))
	path, err = c.Fetch(t.Context(), m.Asset)
	require.NoError(t, err)
	requireContent(t, m.content, path)
}

func TestMirrorURL(t *testing.T) {
	t.Parallel()
	m := newMirrorTest(t)
	mirror := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		assert.Equal(t, "/assets/"+m.hash, r.URL.Path)
		sendContent(w, r, m.content, `"v1"`)
	})
	m.opts.Mirrors = []string{mirror.URL + "/assets/"}
	path, err := openCache(t, m.opts).Fetch(t.Context(), m.Asset)
	require.NoError(t, err)
	requireContent(t, m.content, path)
	assert.EqualValues(t, 0, m.origin.requests.Load())
}

// What is wrong with a mirror costs a note, and the next one, or the origin, is asked.
func TestMirrorFails(t *testing.T) {
	t.Parallel()
	bad := func(w http.ResponseWriter, r *http.Request, _ int) { _, _ = w.Write([]byte("bad")) }
	for _, tt := range []struct {
		name   string
		mirror func(t *testing.T, m *mirrorTest)
		note   string // part of the note; "" when there is none
	}{
		{"directory without the file", func(t *testing.T, m *mirrorTest) {
			m.opts.Mirrors = []string{t.TempDir()}
		}, ""},
		{"directory that is not there", func(t *testing.T, m *mirrorTest) {
			m.opts.Mirrors = []string{"/nonexistent"}
		}, ""},
		{"wrong content", func(t *testing.T, m *mirrorTest) { m.mirrorDir(t, []byte("wrong")) }, "5 bytes with the hash"},
		{"empty file", func(t *testing.T, m *mirrorTest) { m.mirrorDir(t, nil) }, "0 bytes with the hash"},
		{"a directory of that name", func(t *testing.T, m *mirrorTest) {
			m.opts.Mirrors = []string{t.TempDir()}
			require.NoError(t, os.Mkdir(filepath.Join(m.opts.Mirrors[0], m.hash), 0o755))
		}, "not a regular file"},
		{"a pipe of that name", func(t *testing.T, m *mirrorTest) {
			m.opts.Mirrors = []string{t.TempDir()}
			require.NoError(t, unix.Mkfifo(filepath.Join(m.opts.Mirrors[0], m.hash), 0o644))
		}, "not a regular file"},
		{"server without the file", func(t *testing.T, m *mirrorTest) {
			m.opts.Mirrors = []string{serve(t, func(w http.ResponseWriter, r *http.Request, _ int) { http.NotFound(w, r) }).URL}
		}, "404 Not Found"},
		{"server with a bad file", func(t *testing.T, m *mirrorTest) {
			m.opts.Mirrors = []string{serve(t, bad).URL}
		}, "3 bytes with the hash"},
		{"server that always breaks off", func(t *testing.T, m *mirrorTest) {
			m.opts.Mirrors = []string{serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
				cut(w, m.content, 1000, "")
			}).URL}
		}, "the connection ended"},
		{"nobody there", func(t *testing.T, m *mirrorTest) {
			m.opts.Mirrors = []string{"http://user:secret@127.0.0.1:1/"}
		}, "http://user:xxxxx@127.0.0.1:1/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMirrorTest(t)
			m.opts.Tries = 2
			tt.mirror(t, m)
			c := openCache(t, m.opts)
			path, err := c.Fetch(t.Context(), m.Asset)
			require.NoError(t, err)
			requireContent(t, m.content, path)
			requireFiles(t, c, m.hash, extData, extStamp, extRecord)
			assert.EqualValues(t, 1, m.origin.requests.Load())
			if tt.note == "" {
				assert.Empty(t, m.notes)
				return
			}
			require.Len(t, m.notes, 1)
			assert.Contains(t, m.notes[0], tt.note)
			assert.NotContains(t, m.notes[0], "secret")
		})
	}
}

// With several mirrors the first good one counts. A bad mirror is no reason to doubt the asset, also without downloads.
func TestMirrorOrder(t *testing.T) {
	t.Parallel()
	m := newMirrorTest(t)
	m.opts.NoDownload = true
	m.mirrorDir(t, []byte("wrong"))
	c := openCache(t, m.opts)
	_, err := c.Fetch(t.Context(), m.Asset)
	requireKind(t, c, m.Asset, Offline, err)
	require.ErrorContains(t, err, "mirror "+m.opts.Mirrors[0])
	require.ErrorContains(t, err, "5 bytes with the hash")

	m.mirrorDir(t, m.content)
	path, err := openCacheAt(t, c.root, m.opts).Fetch(t.Context(), m.Asset)
	require.NoError(t, err)
	requireContent(t, m.content, path)
	assert.Len(t, m.notes, 1)
}
