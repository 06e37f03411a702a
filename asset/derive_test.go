package asset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// got returns an asset with the given content that get fetches from a file.
func got(t *testing.T, content string, gets *atomic.Int32) *Asset {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	return New("deb:some-package", sha256Of([]byte(content))).Through(func(context.Context) (string, error) {
		gets.Add(1)
		return file, nil
	})
}

func TestThroughGetter(t *testing.T) {
	t.Parallel()
	c := openCache(t, quiet(t))
	var gets atomic.Int32
	a := got(t, "content", &gets)
	var fetches sync.WaitGroup
	for range 4 {
		fetches.Go(func() {
			path, err := c.Fetch(t.Context(), a)
			if assert.NoError(t, err) {
				content, err := os.ReadFile(path)
				assert.NoError(t, err)
				assert.Equal(t, "content", string(content))
			}
		})
	}
	fetches.Wait()
	assert.EqualValues(t, 1, gets.Load())
}

func TestThroughGetterErrors(t *testing.T) {
	t.Parallel()
	missing := errors.New("no route")
	for name, tt := range map[string]struct {
		get  Getter
		kind Kind
	}{
		"failed":  {func(context.Context) (string, error) { return "", missing }, Unreachable},
		"gone":    {func(context.Context) (string, error) { return "", fmt.Errorf("gone: %w", fs.ErrNotExist) }, NotFound},
		"no file": {func(context.Context) (string, error) { return "/no/such/file", nil }, NotFound},
		"wrong":   {func(context.Context) (string, error) { return os.Args[0], nil }, WrongHash},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := openCache(t, quiet(t))
			a := New("deb:some-package", sha256Of([]byte("content"))).Through(tt.get)
			_, err := c.Fetch(t.Context(), a)
			assert.Equal(t, tt.kind, kindOf(err), "%v", err)
		})
	}
}

func TestThroughGetterWithoutNetwork(t *testing.T) {
	t.Parallel()
	opts := quiet(t)
	opts.NoDownload = true
	var gets atomic.Int32
	a := got(t, "content", &gets)
	c := openCache(t, opts)
	_, err := c.Fetch(t.Context(), a)
	assert.Equal(t, Offline, kindOf(err), "%v", err)
	assert.Equal(t, Offline, kindOf(c.Available(a)))
	assert.Zero(t, gets.Load())
}

func TestDeriveOnce(t *testing.T) {
	t.Parallel()
	c := openCache(t, quiet(t))
	var gets, derived atomic.Int32
	a := got(t, "content", &gets)
	derive := func(_ context.Context, path, dir string) error {
		derived.Add(1)
		content, err := os.ReadFile(path)
		return errors.Join(err, os.WriteFile(filepath.Join(dir, "upper"), append(content, '!'), 0o600))
	}
	// The second cache stands for another process.
	other, err := OpenCache(c.root, quiet(t))
	require.NoError(t, err)
	var calls sync.WaitGroup
	for _, c := range []*Cache{c, other, c, other} {
		calls.Go(func() {
			dir, err := c.Derive(t.Context(), a, "upper", derive)
			if assert.NoError(t, err) {
				content, err := os.ReadFile(filepath.Join(dir, "upper"))
				assert.NoError(t, err)
				assert.Equal(t, "content!", string(content))
			}
		})
	}
	calls.Wait()
	assert.EqualValues(t, 1, derived.Load())
	assert.Equal(t, []string{"upper"}, names(t, c.derivedDir(a.hash)))
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestDeriveFailsAndIsTriedAgain(t *testing.T) {
	t.Parallel()
	c := openCache(t, quiet(t))
	var gets atomic.Int32
	a := got(t, "content", &gets)
	broken := errors.New("broken")
	_, err := c.Derive(t.Context(), a, "x", func(_ context.Context, _, dir string) error {
		return errors.Join(os.WriteFile(filepath.Join(dir, "half"), nil, 0o600), broken)
	})
	require.ErrorIs(t, err, broken)
	dir, err := c.Derive(t.Context(), a, "x", func(context.Context, string, string) error { return nil })
	require.NoError(t, err)
	assert.Empty(t, names(t, dir))
}

func TestEvictTakesWhatWasDerived(t *testing.T) {
	t.Parallel()
	c := openCache(t, quiet(t))
	var gets atomic.Int32
	a := got(t, "content", &gets)
	_, err := c.Derive(t.Context(), a, "x", func(_ context.Context, _, dir string) error {
		return os.WriteFile(filepath.Join(dir, "large"), make([]byte, 1000), 0o600)
	})
	require.NoError(t, err)
	entries, err := c.Entries()
	require.NoError(t, err)
	require.Len(t, entries, 1)
	assert.Greater(t, entries[0].Size, int64(1000))

	did, err := c.Evict(t.Context(), EvictPolicy{All: true})
	require.NoError(t, err)
	assert.Len(t, did.InUse, 1, "the process uses the asset")
	assert.DirExists(t, c.derivedDir(a.hash))

	require.NoError(t, c.Close())
	did, err = c.Evict(t.Context(), EvictPolicy{All: true})
	require.NoError(t, err)
	assert.Greater(t, did.Freed, int64(1000))
	assert.Zero(t, did.Left)
	assert.NoDirExists(t, c.derivedDir(a.hash))
}

func TestEvictTakesWhatWasDerivedFromAssetsThatAreGone(t *testing.T) {
	t.Parallel()
	c := openCache(t, quiet(t))
	for hash, ago := range map[string]time.Duration{sha256Of([]byte("old")): 2 * day, sha256Of([]byte("recent")): 0} {
		require.NoError(t, os.MkdirAll(filepath.Join(c.derivedDir(hash), "x"), 0o777))
		age(t, c.derivedDir(hash), ago)
	}
	_, err := c.Evict(t.Context(), EvictPolicy{})
	require.NoError(t, err)
	assert.NoDirExists(t, c.derivedDir(sha256Of([]byte("old"))))
	assert.DirExists(t, c.derivedDir(sha256Of([]byte("recent"))))
}
