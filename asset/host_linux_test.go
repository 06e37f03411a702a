package asset

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHasNoWriter(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x")
	f, err := os.Create(path)
	require.NoError(t, err)
	assert.False(t, hasNoWriter(path))
	require.NoError(t, f.Close())
	if !hasNoWriter(path) {
		t.Skip("the file system of the temporary directory has no leases")
	}
	f, err = os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	assert.True(t, hasNoWriter(path), "a reader does no harm")
	assert.False(t, hasNoWriter(path+"-missing"))
}

func TestParseProcStat(t *testing.T) {
	t.Parallel()
	p, err := parseProcStat("42 (a) b (c)) S 7 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 8192 1\n")
	require.NoError(t, err)
	assert.Equal(t, process{name: "a) b (c)", parent: 7, start: "12345"}, p)
	for _, bad := range []string{"", "42 x S 7", ")(", "42 (x) S 7 1", "42 (x) S y 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345"} {
		_, err := parseProcStat(bad)
		assert.Error(t, err, "%q", bad)
	}
}

func FuzzParseProcStat(f *testing.F) {
	f.Add("42 (a) b (c)) S 7 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 8192 1\n")
	f.Fuzz(func(t *testing.T, stat string) {
		if p, err := parseProcStat(stat); err == nil && p.start == "" {
			t.Errorf("%q gives no start time", stat)
		}
	})
}
