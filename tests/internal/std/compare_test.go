package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// run makes the output of go test -json, from lines of action, package and test.
func run(t *testing.T, lines ...string) outcomes {
	t.Helper()
	var text strings.Builder
	for _, line := range lines {
		fields := append(strings.Fields(line), "")
		text.WriteString(`{"Action":"` + fields[0] + `","Package":"` + fields[1] + `","Test":"` + fields[2] + "\"}\n")
	}
	found, err := readOutcomes(strings.NewReader(text.String()))
	require.NoError(t, err)
	return found
}

func TestCompare(t *testing.T) {
	t.Parallel()
	native := run(t, "pass os", "pass os TestA", "pass os TestA/sub", "pass os TestB", "skip os TestC", "pass net", "pass net TestD", "pass io", "pass io TestE")
	guest := run(t, "fail os", "skip os TestA", "fail os TestB", "skip os TestC", "fail net", "pass net TestD", "run io TestE")
	var texts []string
	for _, d := range compare(native, guest) {
		texts = append(texts, d.String())
	}
	assert.Equal(t, []string{
		"io.TestE: pass on the host, fail in the guest",
		"net: pass on the host, fail in the guest",
		"os.TestA: pass on the host, skip in the guest",
		"os.TestB: pass on the host, fail in the guest",
	}, texts)
	assert.Empty(t, compare(native, native))
}

func TestOutputThatIsNoJSON(t *testing.T) {
	t.Parallel()
	_, err := readOutcomes(strings.NewReader("ok  \tos\t0.1s\n"))
	assert.ErrorContains(t, err, "expected output of go test -json")
}

func TestExplanations(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(path, []byte("# Title\n\n"+
		"| test | GOARCH | host | guest | why |\n|---|---|---|---|---|\n"+
		"| `os.TestA` | all | pass | skip | no go command |\n"+
		"| `os.TestB` | arm, s390x | pass | fail | slow |\n"), 0o600))
	known, err := readPage(path)
	require.NoError(t, err)
	found := []difference{
		{test{"os", "TestA"}, "pass", "skip"}, {test{"os", "TestA/sub"}, "pass", "skip"},
		{test{"os", "TestAB"}, "pass", "skip"}, {test{"os", "TestB"}, "pass", "fail"},
	}
	assert.Equal(t, []difference{found[2]}, known.explain("arm", found))
	assert.Equal(t, []difference{found[2], found[3]}, known.explain("arm64", found))

	require.NoError(t, os.WriteFile(path, []byte("| `os.TestA` | all |\n"), 0o600))
	_, err = readPage(path)
	assert.ErrorContains(t, err, "expected a row of five columns")
}

func TestThePage(t *testing.T) {
	t.Parallel()
	known, err := readPage("../../../" + page)
	require.NoError(t, err)
	assert.NotEmpty(t, known)
}
