package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
)

// The document says what the code says, and every counterpart exists.
func TestDocumentIsCurrent(t *testing.T) {
	t.Parallel()
	if testing.Short() || os.Getenv("QEMU_TEST_PRECACHE") != "" {
		t.Skip("builds the whole suite")
	}
	root, err := moduleRoot(t.Context())
	require.NoError(t, err)
	dependOnSuite(t, root)
	want, err := generate(t.Context(), root)
	require.NoError(t, err)
	got, err := os.ReadFile(filepath.Join(root, document))
	require.NoError(t, err)
	// A diff of the whole would be unreadable.
	wantLines, gotLines := strings.Split(want, "\n"), strings.Split(string(got), "\n")
	for i, line := range wantLines {
		if i >= len(gotLines) || gotLines[i] != line {
			require.Failf(t, "docs/ports.md is not current: run make ports", "line %d should be:\n%s", i+1, line)
		}
	}
	require.Len(t, gotLines, len(wantLines), "docs/ports.md is not current: run make ports")
}

// dependOnSuite looks at all that the document is made from, so that the go
// command, which does not see what its children read, keeps no result of before a
// change.
func dependOnSuite(t *testing.T, root string) {
	t.Helper()
	for _, dir := range []string{"qemutest", "tests"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, dir), func(_ string, _ fs.DirEntry, err error) error { return err }))
	}
}

func TestParseUpstream(t *testing.T) {
	t.Parallel()
	got, err := parseUpstream("# comment\narm/a/A.test\tarm.TestArmA arm.TestArmB\narm/b/B.test\t\narm/c/C.test\t# it is Python\n")
	require.NoError(t, err)
	assert.Equal(t, []subtest{
		{Name: "arm/a/A.test", Counterparts: []string{"arm.TestArmA", "arm.TestArmB"}},
		{Name: "arm/b/B.test", Counterparts: []string{}},
		{Name: "arm/c/C.test", Reason: "it is Python"},
	}, got)

	_, err = parseUpstream("arm/a/A.test\t\narm/a/A.test\t\n")
	assert.ErrorContains(t, err, "upstream.tsv:2: arm/a/A.test is there twice")
	_, err = parseUpstream("A.test\n")
	assert.ErrorContains(t, err, "upstream.tsv:1")
}

func TestCheckCounterparts(t *testing.T) {
	t.Parallel()
	tests := []listedTest{{Package: "arm", Name: "TestArmA/tcp"}}
	assert.NoError(t, checkCounterparts([]subtest{{Name: "a", Counterparts: []string{"arm.TestArmA", "arm.TestArmA/tcp"}}}, tests))
	assert.ErrorContains(t,
		checkCounterparts([]subtest{{Name: "a", Counterparts: []string{"arm.TestArmB"}}}, tests),
		"a has the counterpart arm.TestArmB")
}

func TestParseEventsAndFold(t *testing.T) {
	t.Parallel()
	tests, err := parseEvents(strings.NewReader(`
{"Action":"attr","Package":"m/tests/generic","Test":"TestV/arm","Key":"qemu.listing","Value":"{\"target\":\"arm\"}"}
{"Action":"attr","Package":"m/tests/generic","Test":"TestV/rx","Key":"qemu.listing","Value":"{\"target\":\"rx\"}"}
{"Action":"attr","Package":"m/tests/arm","Test":"TestA","Key":"skip.kind","Value":"listed"}
{"Action":"pass","Package":"m/tests/generic","Test":"TestV"}
{"Action":"pass","Package":"m/tests/arm","Test":"TestB"}
{"Action":"attr","Package":"m/tests/arm","Test":"TestA","Key":"qemu.listing","Value":"{\"target\":\"arm\",\"timeout\":90000000000}"}
`))
	require.NoError(t, err)
	assert.Equal(t, []listedTest{
		{Package: "arm", Name: "TestA", Listing: qemutest.Listing{Target: "arm", Timeout: 90 * time.Second}},
		{Package: "arm", Name: "TestB", Listing: qemutest.Listing{Target: "arm"}},
		{Package: "generic", Name: "TestV/*", Listing: qemutest.Listing{Target: "*"}},
	}, fold(tests))
}

func TestRender(t *testing.T) {
	t.Parallel()
	text := render([]listedTest{{Package: "arm", Name: "TestArmA/tcp", Listing: qemutest.Listing{
		Target: "arm", Machine: "virt", Thorough: true, Timeout: time.Minute, Gates: []string{"slow"},
		Assets: []qemutest.ListedAsset{{URL: "https://example.org/a/kernel?x=1"}},
	}}}, []subtest{{Name: "arm/a/A.test", Counterparts: []string{"arm.TestArmA"}}, {Name: "arm/b/B.test"}, {Name: "arm/c/C.test", Reason: "it is Python"}})
	assert.Contains(t, text, "| arm | TestArmA/tcp | virt | thorough | 1m0s | [kernel](https://example.org/a/kernel?x=1) | slow | – | `arm/a/A.test` |\n")
	assert.Contains(t, text, "## Not ported yet\n\n- `arm/b/B.test`\n")
	assert.Contains(t, text, "## Not to be ported\n\n- `arm/c/C.test`: it is Python\n")
	assert.Contains(t, text, "Of the 3 subtests of\nQEMU's Python suite, 1 have a counterpart here.")
}
