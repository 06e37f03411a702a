package apt

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSourcesForOtherArchitectures(t *testing.T) {
	fake(t, "foreign")
	dir := os.Getenv("APT_FAKE_SOURCES")
	list, sources := filepath.Join(dir, "sources.list"), filepath.Join(dir, "sources.list.d", "ubuntu.sources")
	require.NoError(t, os.Mkdir(filepath.Dir(sources), 0o755))
	for file, text := range map[string]string{
		list:                  "# deb [arch=amd64] http://old.example x main\ndeb [ signed-by=/x arch=amd64,i386 ] http://archive.example x main\n",
		sources:               "Types: deb\nURIs: http://archive.example\nArchitectures: amd64\n",
		sources + ".disabled": "Types: deb\nArchitectures: amd64\n",
	} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	for _, p := range []Package{known, inTrixie} {
		_, err := p.Resolve(t.Context())
		requireKind(t, Unknown, err)
		assert.ErrorContains(t, err, "the apt sources of this machine do not have it, but "+list+":2, "+sources+":3 may not be used for test; "+
			"add test to the architectures there if that archive has them")
	}
}

// restricted returns the lines of sources that are not for arm64.
func restricted(sources []source) (lines []int) {
	for _, s := range sources {
		if s.excludes("arm64") {
			lines = append(lines, s.line)
		}
	}
	return lines
}

func TestRestrictedLines(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]int{
		"": nil,
		"deb http://x y z\ndeb [trusted=yes] http://x y z\n":              nil,
		"\ndeb [arch=amd64] http://x y z\n":                               {2},
		"deb [arch=amd64,arm64] http://x y z\n":                           nil,
		"deb [arch+=amd64] http://x y z\n":                                nil,
		"deb [arch-=i386] http://x y z\ndeb [arch-=arm64] http://x y z":   {2},
		"deb-src [arch=amd64] http://x y z\n# deb [arch=amd64] http://x":  nil,
		"\tdeb\t[lang=none arch=amd64 trusted=yes] http://x y z # remark": {1},
	} {
		assert.Equal(t, want, restricted(sourceLines(text)), text)
	}
}

func TestRestrictedStanzas(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]int{
		"":                           nil,
		"Types: deb\nURIs: http://x": nil,
		"# x\n\nTypes: deb\nArchitectures: amd64 i386\nURIs: x\n\n\nTypes: deb\nURIs: y\n":  {4},
		"Types: deb deb-src\nURIs: x\narchitectures: amd64":                                 {3},
		"Types: deb\nArchitectures: amd64 arm64\n":                                          nil,
		"Types: deb\nArchitectures-Remove: arm64\n\nTypes: deb\nArchitectures-Remove: i386": {2},
		"Types: deb-src\nArchitectures: amd64\n":                                            nil,
		"Enabled: no\nTypes: deb\nArchitectures: amd64\n":                                   nil,
		"Types: deb\n# Architectures: amd64\n":                                              nil,
	} {
		assert.Equal(t, want, restricted(sourceStanzas(text)), text)
	}
}

func TestSourcesInBothForms(t *testing.T) {
	t.Parallel()
	want := source{line: 2, uris: []string{"http://x/debian"}, suites: []string{"bookworm"}, components: []string{"main", "contrib"}}
	assert.Equal(t, []source{want}, sourceLines("# remark\ndeb [signed-by=/x] http://x/debian bookworm main contrib # remark\ndeb-src http://x y z\n"))
	assert.Equal(t, []source{want}, sourceStanzas("# remark\nTypes: deb\nURIs: http://x/debian\nSuites: bookworm\nComponents:\n main\n# remark\n\tcontrib\n"))
}

func TestArchiveInTheSources(t *testing.T) {
	for text, want := range map[string]string{
		"": "",
		"deb http://x/debian bookworm-backports main\ndeb http://x/debian bookworm contrib\n": "",
		"deb http://x/ubuntu noble main\n": "",
		"deb http://x/apt/ stable main\ndeb http://y/debian-security bookworm-security main\ndeb http://y/debian/ bookworm main\n": "http://y/debian/",
	} {
		fake(t, "")
		require.NoError(t, os.WriteFile(filepath.Join(os.Getenv("APT_FAKE_SOURCES"), "sources.list"), []byte(text), 0o644))
		s, err := openState("test", "trixie")
		require.NoError(t, err)
		a, err := findApt(s)
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(s.dir, 0o755))
		got, err := a.archive(t.Context())
		assert.Equal(t, want, got)
		if want == "" {
			assert.ErrorContains(t, err, "they have no archive of Debian")
		}
	}
}
