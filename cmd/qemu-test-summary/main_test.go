package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// summary runs the command on events, one JSON object a line.
func summary(t *testing.T, events ...string) (text string, ok bool) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.json")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(events, "\n")), 0o644))
	var out strings.Builder
	ok, err := summarize(path, &out)
	require.NoError(t, err)
	return out.String(), ok
}

const (
	targetA = `{"Action":"attr","Package":"p/arm","Test":"TestA","Key":"qemu.target","Value":"arm"}`
	passA   = `{"Action":"pass","Package":"p/arm","Test":"TestA"}`
	skipB   = `{"Action":"attr","Package":"p/arm","Test":"TestB","Key":"skip.kind","Value":"machine"}` + "\n" +
		`{"Action":"attr","Package":"p/arm","Test":"TestB","Key":"skip.reason","Value":"no machine b"}` + "\n" +
		`{"Action":"skip","Package":"p/arm","Test":"TestB"}`
)

func TestSummary(t *testing.T) {
	text, ok := summary(t,
		"building p/arm", // no JSON
		targetA, passA, skipB,
		strings.ReplaceAll(skipB, "TestB", "TestC"),
		`{"Action":"skip","Package":"p/arm","Test":"TestD"}`,
		`{"Action":"attr","Package":"p/arm","Test":"TestE/x","Key":"qemu.target","Value":"arm"}`,
		`{"Action":"attr","Package":"p/arm","Test":"TestE/x","Key":"qemu.log","Value":"/logs/arm/TestE/x"}`,
		`{"Action":"pass","Package":"p/arm","Test":"TestE/x"}`,
		`{"Action":"pass","Package":"p/arm","Test":"TestE"}`,
		`{"Action":"pass","Package":"p/arm"}`)
	assert.True(t, ok)
	assert.Contains(t, text, "machine  2  TestB and 1 more  no machine b\n")
	assert.Contains(t, text, "other    1  TestD             t.Skip without a kind\n")
	assert.Contains(t, text, "2 passed, 0 failed, 3 skipped\n", "a test with subtests is not counted itself")
	assert.Contains(t, text, "logs: /logs\n")
}

func TestSummaryOfFailures(t *testing.T) {
	text, ok := summary(t, passA,
		`{"Action":"attr","Package":"p/arm","Test":"TestF","Key":"qemu.log","Value":"/logs/arm/TestF"}`,
		`{"Action":"fail","Package":"p/arm","Test":"TestF"}`,
		`{"Action":"run","Package":"p/arm","Test":"TestG"}`,
		`{"Action":"fail","Package":"p/arm"}`,
		`{"Action":"fail","Package":"p/broken"}`)
	assert.False(t, ok)
	assert.Contains(t, text, "TestF  /logs/arm/TestF")
	assert.Contains(t, text, "TestG  p/arm", "a test that did not end is a failure")
	assert.Contains(t, text, "p/broken failed outside of its tests")
	assert.NotContains(t, text, "p/arm failed outside")
	assert.Contains(t, text, "1 passed, 1 failed, 0 skipped, 1 did not end")
}

func TestSummaryOfNothing(t *testing.T) {
	text, ok := summary(t, skipB, `{"Action":"pass","Package":"p/arm"}`)
	assert.False(t, ok)
	assert.Contains(t, text, "NO TEST OF QEMU WAS EXECUTED")

	text, ok = summary(t, `{"Action":"output","Package":"p/arm","Output":"testing: warning: no tests to run\n"}`,
		`{"Action":"pass","Package":"p/arm"}`)
	assert.False(t, ok, "-run selected nothing")
	assert.Contains(t, text, "NO TEST OF QEMU WAS EXECUTED")

	unit := `{"Action":"pass","Package":"p/internal/board","Test":"TestParse"}`
	text, ok = summary(t, skipB, unit)
	assert.False(t, ok, "a unit test of the suite executes no QEMU")
	assert.Contains(t, text, "NO TEST OF QEMU WAS EXECUTED")
	assert.Contains(t, text, "1 passed, 0 failed, 1 skipped")
	_, ok = summary(t, unit)
	assert.True(t, ok, "there is nothing but unit tests")

	text, ok = summary(t, strings.ReplaceAll(skipB, "machine", "precached"), `{"Action":"pass","Package":"p/arm"}`)
	assert.True(t, ok, "pre-caching executes nothing, and shall not")
	assert.NotContains(t, text, "NO TEST OF QEMU WAS EXECUTED")
}

func TestSummaryOfSomethingElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.json")
	require.NoError(t, os.WriteFile(path, []byte("ok  \tp/arm\t0.1s\n"), 0o644))
	_, err := summarize(path, &strings.Builder{})
	assert.ErrorContains(t, err, "expected the output of go test -json")
	_, err = summarize(filepath.Join(t.TempDir(), "missing"), &strings.Builder{})
	assert.ErrorIs(t, err, os.ErrNotExist)
}
