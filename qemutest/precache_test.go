package qemutest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// smallAsset is the content of the asset of the scenario "needs an asset".
const smallAsset = "content\n"

var smallAssetHash = func() string {
	sum := sha256.Sum256([]byte(smallAsset))
	return hex.EncodeToString(sum[:])
}()

// mirror makes a directory that has the small asset.
func mirror(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, smallAssetHash), []byte(smallAsset), 0o644))
	return dir
}

func TestPrecache(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	for _, name := range []string{"passes", "needs an asset", "lists machine types"} {
		got := scenario(t, name, "QEMU_TEST_PRECACHE=1", "QEMU_TEST_REQUIRE=all",
			"QEMU_TEST_CACHE_DIR="+cache, "QEMU_TEST_ASSET_MIRROR="+mirror(t))
		assert.Zero(t, got.status, got.output)
		assert.Contains(t, got.output, "skip.kind precached")
	}
	assert.FileExists(t, filepath.Join(cache, "download", smallAssetHash))
}

// looked runs a scenario as the go command does, and returns what it is told that
// the process looked at: lines such as "stat /path".
func looked(t *testing.T, name string, args ...string) string {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	got := scenario(t, name, append(args, "-test.testlogfile="+log)...)
	require.Zero(t, got.status, got.output)
	text, err := os.ReadFile(log)
	require.NoError(t, err)
	return string(text)
}

// mayBeRemembered reports whether the go command may print the result of such a
// process again instead of running it.
func mayBeRemembered(looked string) bool {
	return !strings.Contains(looked, "/../proc/self/stat\n") && !strings.Contains(looked, "/qemutest-always-new\n")
}

func TestResultsAreNotRemembered(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"passes", "lacks emulator", "lacks a command", "is flaky", "lists machine types"} {
		assert.False(t, mayBeRemembered(looked(t, name)), name)
	}
}

func TestThatAllIsCachedIsRemembered(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	env := []string{"QEMU_TEST_PRECACHE=1", "QEMU_TEST_CACHE_DIR=" + cache}

	missing := looked(t, "needs an asset", env...)
	assert.False(t, mayBeRemembered(missing), "the asset could not be fetched, but may be another time")

	env = append(env, "QEMU_TEST_ASSET_MIRROR="+mirror(t))
	fetched := looked(t, "needs an asset", env...)
	assert.True(t, mayBeRemembered(fetched))
	assert.Contains(t, fetched, "/.."+filepath.Join(cache, "download", smallAssetHash)+"\n", "what it depends on")
	assert.NotContains(t, fetched, "build/functional", "logs make a result that is not remembered")

	refreshed := looked(t, "needs an asset", append(env, "QEMU_TEST_REFRESH_CACHE=1")...)
	assert.False(t, mayBeRemembered(refreshed), "a refresh is asked for each time")
}
