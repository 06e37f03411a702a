package gocache

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A module whose test follows this file, or is never to be remembered.
const moduleTest = `package probe

import (
	"os"
	"testing"

	"github.com/qemutest/functional/qemutest/internal/gocache"
)

func TestProbe(t *testing.T) {
	root := os.Getenv("PROBE_ROOT")
	if path := os.Getenv("PROBE_FILE"); path != "" {
		gocache.Follow(root, path)
	} else if os.Getenv("PROBE_NEVER") != "" {
		gocache.Never(root)
	}
}
`

// probe is a copy of this package in a module of its own, because the go command
// keeps no results of a package whose files have just been made elsewhere.
type probe struct {
	t    *testing.T
	root string // of the module, as the go command is told
}

func newProbe(t *testing.T) probe {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the go command")
	}
	root := t.TempDir()
	write := func(name, content string) {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
	}
	write("go.mod", "module github.com/qemutest/functional\n\ngo 1.26\n")
	write("qemutest/probe/probe_test.go", moduleTest)
	sources, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		write("qemutest/internal/gocache/"+name, string(text))
	}
	return probe{t, root}
}

// cached runs the test and reports whether the go command remembered its result.
func (p probe) cached(env ...string) bool {
	p.t.Helper()
	cmd := exec.Command("go", "test", "./qemutest/probe")
	cmd.Dir = p.root
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "PWD="+p.root, "PROBE_ROOT="+p.root)
	cmd.Env = append(cmd.Env, env...)
	output, err := cmd.CombinedOutput()
	require.NoError(p.t, err, string(output))
	return strings.Contains(string(output), "(cached)")
}

// What the package is for: the go command does not see what is elsewhere.
func TestNeedOfThePackage(t *testing.T) {
	t.Parallel()
	p := newProbe(t)
	p.cached()
	assert.True(t, p.cached())
}

func TestNever(t *testing.T) {
	t.Parallel()
	p := newProbe(t)
	p.cached("PROBE_NEVER=1")
	assert.False(t, p.cached("PROBE_NEVER=1"))
}

func TestFollow(t *testing.T) {
	t.Parallel()
	p := newProbe(t)
	file := filepath.Join(t.TempDir(), "asset")
	follow := "PROBE_FILE=" + file

	require.NoError(t, os.WriteFile(file, []byte("content"), 0o644))
	p.cached(follow)
	assert.True(t, p.cached(follow), "it is still there")
	require.NoError(t, os.WriteFile(file, []byte("other content"), 0o644))
	assert.False(t, p.cached(follow), "it has changed")
	require.NoError(t, os.Remove(file))
	assert.False(t, p.cached(follow), "it is gone")
	assert.True(t, p.cached(follow), "it is still gone")
}

// A checkout behind a symbolic link.
func TestFollowFromALink(t *testing.T) {
	t.Parallel()
	p := newProbe(t)
	link := filepath.Join(t.TempDir(), "somewhere", "else")
	require.NoError(t, os.MkdirAll(filepath.Dir(link), 0o755))
	require.NoError(t, os.Symlink(p.root, link))
	p.root = link
	file := filepath.Join(t.TempDir(), "asset")
	follow := "PROBE_FILE=" + file

	p.cached(follow)
	assert.True(t, p.cached(follow))
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	assert.False(t, p.cached(follow))
}
