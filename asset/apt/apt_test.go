package apt

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/asset"
)

var known = Package{Name: "linux-image-test", Arch: "test"}

// fake puts a stand-in for apt that behaves so first in PATH, with an empty cache, and returns a function that tells the
// commands it was given since the last call.
func fake(t *testing.T, behaviour string) (commands func() []string) {
	t.Helper()
	bin, err := filepath.Abs("testdata/bin")
	require.NoError(t, err)
	log := filepath.Join(t.TempDir(), "log")
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("APT_FAKE", behaviour)
	t.Setenv("APT_FAKE_LOG", log)
	sources := t.TempDir()
	text := "deb http://packages.example/apt bookworm main\n"
	if behaviour != "foreign" {
		text += "deb http://archive.example/debian/ bookworm main\n"
	}
	require.NoError(t, os.WriteFile(filepath.Join(sources, "sources.list"), []byte(text), 0o644))
	t.Setenv("APT_FAKE_SOURCES", sources)
	t.Setenv("APT_FAKE_DEB", "")
	t.Setenv(asset.EnvCacheDir, t.TempDir())
	t.Setenv(asset.EnvNoDownload, "")
	t.Setenv(asset.EnvMirror, "")
	return func() []string {
		text, err := os.ReadFile(log)
		if os.IsNotExist(err) {
			return nil
		}
		require.NoError(t, err)
		require.NoError(t, os.Remove(log))
		var words []string
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			if fields[1] == "-c" {
				fields = append(fields[:1], fields[3:]...)
			}
			words = append(words, strings.Join(fields, " "))
		}
		return words
	}
}

// age makes everything that is kept about packages so much older.
func age(t *testing.T, by time.Duration) {
	t.Helper()
	root, _, err := asset.Environment()
	require.NoError(t, err)
	records, err := filepath.Glob(filepath.Join(root, "apt", "*", "resolved", "*.json"))
	require.NoError(t, err)
	updates, err := filepath.Glob(filepath.Join(root, "apt", "*", "updated"))
	require.NoError(t, err)
	require.NotEmpty(t, updates)
	then := time.Now().Add(-by)
	for _, file := range append(records, updates...) {
		require.NoError(t, os.Chtimes(file, then, then))
	}
}

func requireKind(t *testing.T, kind Kind, err error) {
	t.Helper()
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, kind, e.Kind, "%v", err)
}

func TestFetchOnce(t *testing.T) {
	commands := fake(t, "")
	r, path, err := known.Download(t.Context())
	require.NoError(t, err)
	assert.Equal(t, &Release{
		Package: Package{Name: "linux-image-test", Arch: "test", Version: "6.1-2"},
		URL:     "http://archive.example/pool/linux-image-test_6.1-2_test.deb",
		SHA256:  "9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab",
		Depends: [][]Dependency{{{"linux-image-6.1.0-2-test", "6.1-2"}, {"linux-other", ""}}, {{"kmod", ""}}},
	}, r)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "abcdefgh", string(content))
	assert.Equal(t, []string{
		"apt-get -q update",
		"apt-cache --no-all-versions show linux-image-test",
		"apt-get download --print-uris linux-image-test",
		"apt-cache --no-all-versions show linux-image-test=6.1-2",
		"apt-get download --print-uris linux-image-test=6.1-2",
		"apt-get -q download linux-image-test=6.1-2",
	}, commands())

	last, ok := known.Known()
	assert.True(t, ok)
	assert.Equal(t, r, last)
	again, err := known.Fetch(t.Context())
	require.NoError(t, err)
	assert.Equal(t, path, again)
	assert.Empty(t, commands(), "what is known is not asked for")

	t.Setenv(asset.EnvNoDownload, "1")
	age(t, 100*24*time.Hour)
	_, err = known.Fetch(t.Context())
	require.NoError(t, err)
	assert.Empty(t, commands(), "without downloads, what is known serves for ever")
}

func TestRecordsAgeAndFallBack(t *testing.T) {
	commands := fake(t, "")
	_, err := known.Resolve(t.Context())
	require.NoError(t, err)
	commands()

	age(t, recordLife-time.Hour)
	_, err = known.Resolve(t.Context())
	require.NoError(t, err)
	assert.Empty(t, commands())

	age(t, recordLife+time.Hour)
	t.Setenv("APT_FAKE_VERSION", "6.1-3")
	r, err := known.Resolve(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "6.1-3", r.Package.Version)
	assert.Equal(t, "apt-get -q update", commands()[0])

	// Without apt the last one serves on.
	age(t, recordLife+time.Hour)
	t.Setenv("PATH", t.TempDir())
	r, err = known.Resolve(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "6.1-3", r.Package.Version)
}

func TestOneBrokenSourceDoesNotMatter(t *testing.T) {
	fake(t, "partial")
	_, err := known.Resolve(t.Context())
	require.NoError(t, err)
}

func TestErrors(t *testing.T) {
	t.Run("unreachable", func(t *testing.T) {
		fake(t, "unreachable")
		_, err := known.Fetch(t.Context())
		requireKind(t, Unreachable, err)
		assert.ErrorContains(t, err, "cannot find package linux-image-test:test: apt could not reach the archive")
		assert.ErrorContains(t, err, "Temporary failure resolving")
	})
	t.Run("unknown", func(t *testing.T) {
		fake(t, "")
		_, err := Package{Name: "linux-image-nope", Arch: "test"}.Fetch(t.Context())
		requireKind(t, Unknown, err)
		assert.ErrorContains(t, err, "cannot find package linux-image-nope:test: the apt sources of this machine do not have it")
	})
	t.Run("unsigned", func(t *testing.T) {
		fake(t, "unsigned")
		_, err := known.Fetch(t.Context())
		requireKind(t, Unsigned, err)
		assert.ErrorContains(t, err, "apt refuses a source that is not signed by a key of this machine; install its key")
		assert.ErrorContains(t, err, "NO_PUBKEY 0123456789ABCDEF\n  E: The repository 'http://archive.example bookworm InRelease' is not signed.")
	})
	t.Run("virtual", func(t *testing.T) {
		fake(t, "virtual")
		_, err := known.Fetch(t.Context())
		requireKind(t, Unknown, err)
		assert.ErrorContains(t, err, "apt-cache show: no package of that name")
	})
	for behaviour, want := range map[string]string{
		"hash":   `expected apt-get download --print-uris linux-image-test to print 'URL' file size SHA256:hash, but it printed "'http://archive.example/x.deb' x.deb 8 BLAKE3:9c56"`,
		"stanza": `expected apt-cache show linux-image-test to print a paragraph with a Version, but it printed "Paket: linux-image-test"`,
	} {
		t.Run("answers in another form: "+behaviour, func(t *testing.T) {
			fake(t, behaviour)
			for range 2 { // with new lists, and with those
				_, err := inTrixie.Fetch(t.Context())
				requireKind(t, Failed, err)
				assert.ErrorContains(t, err, want)
			}
		})
	}
	t.Run("no apt", func(t *testing.T) {
		fake(t, "")
		t.Setenv("PATH", t.TempDir())
		_, err := known.Fetch(t.Context())
		requireKind(t, NoApt, err)
	})
	t.Run("downloads disabled", func(t *testing.T) {
		commands := fake(t, "")
		t.Setenv(asset.EnvNoDownload, "1")
		_, err := known.Fetch(t.Context())
		requireKind(t, Offline, err)
		assert.Empty(t, commands())
	})
	t.Run("canceled", func(t *testing.T) {
		fake(t, "hang")
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := known.Fetch(ctx)
		requireKind(t, Canceled, err)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("download fails", func(t *testing.T) {
		fake(t, "download")
		_, err := known.Fetch(t.Context())
		var e *asset.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, asset.Unreachable, e.Kind)
	})
	for _, p := range []Package{{}, {Name: "x/../y", Arch: "amd64"}, {Name: "-o", Arch: "amd64"}, {Name: "linux", Arch: "../x"},
		{Name: "linux", Arch: "amd64", Version: "1 2"}, {Name: "linux", Arch: "amd64", Suite: "../x"}} {
		_, err := p.Fetch(t.Context())
		requireKind(t, BadPackage, err)
	}
}

func TestTransient(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{NoApt, Offline, Unreachable, Unsigned, Unknown, Canceled} {
		assert.True(t, (&Error{Kind: kind}).Transient(), kind)
	}
	for _, kind := range []Kind{BadPackage, Failed} {
		assert.False(t, (&Error{Kind: kind}).Transient(), kind)
	}
}

func FuzzControl(f *testing.F) {
	f.Add("Package: x\nDepends: a (= 1) | b:any, c [amd64]\n d\n\nPackage: y\n")
	f.Add("\n\n :\n\t\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, value := range parseStanza(text) {
			for _, alternatives := range parseDepends(value) {
				for _, d := range alternatives {
					assert.Regexp(t, validName, d.Name)
				}
			}
		}
	})
}
