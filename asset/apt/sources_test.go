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
		assert.Equal(t, want, restrictedLines(text, "arm64"), text)
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
		assert.Equal(t, want, restrictedStanzas(text, "arm64"), text)
	}
}
