package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/asset"
)

// invoke runs a command line against the cache of the environment.
func invoke(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &out, &errs)
	return status, out.String(), errs.String()
}

func TestCommands(t *testing.T) {
	root := t.TempDir()
	t.Setenv(asset.EnvCacheDir, root)
	t.Setenv(asset.EnvNoDownload, "1")
	t.Setenv(asset.EnvMirror, "")
	content := []byte("content")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) }))
	defer server.Close()
	hash := fmt.Sprintf("%x", sha256.Sum256(content))
	path := filepath.Join(root, "download", hash)

	status, out, _ := invoke(t, "dir")
	assert.Zero(t, status)
	assert.Equal(t, filepath.Dir(path)+"\n", out)

	status, out, stderr := invoke(t, "fetch", server.URL+"/x.bin", hash)
	require.Zero(t, status, stderr)
	assert.Equal(t, path+"\n", out)
	assert.FileExists(t, path)

	status, _, stderr = invoke(t, "fetch", server.URL+"/x.bin", fmt.Sprintf("%064d", 1))
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "7 bytes with the hash "+hash)

	status, out, _ = invoke(t, "list")
	assert.Zero(t, status)
	assert.Contains(t, out, hash)
	assert.Contains(t, out, "1 assets, 1 MB")

	// The fetching command line has ended, so the asset is not in use.
	old := time.Now().Add(-31 * 24 * time.Hour).Unix()
	require.NoError(t, os.WriteFile(path+".stamp", []byte(strconv.FormatInt(old, 10)), 0o644))
	_, out, _ = invoke(t, "evict")
	assert.Contains(t, out, "removed 0 assets")
	_, out, _ = invoke(t, "evict", "-unused-for", "30d", "-n")
	assert.Contains(t, out, "would remove 1 assets")
	assert.FileExists(t, path)
	_, out, _ = invoke(t, "evict", "-unused-for", "30d")
	assert.Contains(t, out, "removed 1 assets")
	assert.NoFileExists(t, path)

	_, _, stderr = invoke(t, "fetch", server.URL+"/x.bin", hash)
	require.Empty(t, stderr)
	status, out, _ = invoke(t, "clean")
	assert.Zero(t, status)
	assert.Contains(t, out, "removed 1 assets and 1 MB, 0 MB left")
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Empty(t, files)
}

func TestWrongCommandLines(t *testing.T) {
	t.Setenv(asset.EnvCacheDir, t.TempDir())
	for _, args := range [][]string{
		nil, {"help"}, {"dir", "x"}, {"fetch", "http://host/x"}, {"clean", "all"}, {"evict", "x"}, {"evict", "-x"},
		{"evict", "-max-size", "20X"}, {"evict", "-unused-for", "d"}, {"evict", "-unused-for", "-1h"},
	} {
		status, _, stderr := invoke(t, args...)
		assert.Equal(t, 2, status, "%q", args)
		assert.NotEmpty(t, stderr, "%q", args)
	}
}

func TestParseSize(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int64{"0": 0, "12": 12, "3k": 3000, "500M": 500e6, "20G": 20e9, "1T": 1e12} {
		n, err := parseSize(s)
		require.NoError(t, err, s)
		assert.Equal(t, want, n, s)
	}
	for _, s := range []string{"", "G", "1GG", "-1", "1.5G", "9999999T", "1g"} {
		_, err := parseSize(s)
		assert.Error(t, err, s)
	}
}

func TestParseAge(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]time.Duration{"0": 0, "30d": 720 * time.Hour, "90m": 90 * time.Minute} {
		age, err := parseAge(s)
		require.NoError(t, err, s)
		assert.Equal(t, want, age, s)
	}
	for _, s := range []string{"", "d", "-3d", "99999d", "-1h", "soon"} {
		_, err := parseAge(s)
		assert.Error(t, err, s)
	}
}
