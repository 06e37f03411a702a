package apt

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/asset"
)

var inTrixie = Package{Name: "linux-image-test", Arch: "test", Suite: "trixie"}

func TestSuiteThatHasWhatTheSourcesDoNot(t *testing.T) {
	commands := fake(t, "elsewhere")
	r, path, err := inTrixie.Download(t.Context())
	require.NoError(t, err)
	assert.Equal(t, Package{Name: "linux-image-test", Arch: "test", Version: "6.1-2", Suite: "trixie"}, r.Package)
	assert.FileExists(t, path)
	assert.Contains(t, commands(), "apt-get -q download linux-image-test=6.1-2")

	s, err := openState("test", "trixie")
	require.NoError(t, err)
	sources, err := os.ReadFile(filepath.Join(s.dir, "suite.sources"))
	require.NoError(t, err)
	assert.Contains(t, string(sources), "URIs: http://archive.example/debian/\nSuites: trixie\n", "the machine's own archive")
	assert.Contains(t, string(sources), "\nSigned-By: /")
	config, err := os.ReadFile(filepath.Join(s.dir, "apt.conf"))
	require.NoError(t, err)
	assert.Contains(t, string(config), `Dir::Etc::sourceparts "-";`)
	assert.Contains(t, string(config), `APT::Get::AllowUnauthenticated "false";`)

	last, ok := inTrixie.Known()
	assert.True(t, ok)
	assert.Equal(t, r, last)
	again, err := inTrixie.Fetch(t.Context())
	require.NoError(t, err)
	assert.Equal(t, path, again)
	assert.Empty(t, commands(), "what is known is not asked for, not even in the machine's own sources")

	t.Setenv(asset.EnvNoDownload, "1")
	age(t, 100*24*time.Hour)
	_, err = inTrixie.Fetch(t.Context())
	require.NoError(t, err)
	assert.Empty(t, commands(), "without downloads, what is known serves for ever")

	_, err = known.Fetch(t.Context())
	requireKind(t, Offline, err)
}

func TestSourcesComeBeforeTheSuite(t *testing.T) {
	commands := fake(t, "")
	r, err := inTrixie.Resolve(t.Context())
	require.NoError(t, err)
	assert.Empty(t, r.Package.Suite)
	assert.Equal(t, []string{
		"apt-get -q update",
		"apt-cache --no-all-versions show linux-image-test",
		"apt-get download --print-uris linux-image-test",
	}, commands())
}

func TestSuiteIsAskedWhenTheSourcesAre(t *testing.T) {
	commands := fake(t, "elsewhere")
	_, err := inTrixie.Resolve(t.Context())
	require.NoError(t, err)
	age(t, recordLife+time.Hour)
	commands()
	t.Setenv("APT_FAKE", "")
	r, err := inTrixie.Resolve(t.Context())
	require.NoError(t, err)
	assert.Empty(t, r.Package.Suite, "the machine's own sources have it now")
}

func TestNoArchiveForTheSuite(t *testing.T) {
	fake(t, "foreign")
	_, err := inTrixie.Fetch(t.Context())
	requireKind(t, Unknown, err)
	assert.ErrorContains(t, err, "cannot find package linux-image-test:test/trixie")
	assert.ErrorContains(t, err, "no archive of Debian")

	fake(t, "unreachable")
	_, err = inTrixie.Fetch(t.Context())
	requireKind(t, Unreachable, err)

	fake(t, "")
	t.Setenv("PATH", t.TempDir())
	_, err = inTrixie.Fetch(t.Context())
	requireKind(t, NoApt, err)
}
