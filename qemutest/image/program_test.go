package image

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// module makes a module with a program that prints text.
func module(t testing.TB, text string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module guest\n\ngo 1.26\n"), 0o644))
	writeMain(t, dir, text)
	return dir
}

func writeMain(t testing.TB, dir, text string) {
	t.Helper()
	source := "package main\n\nfunc main() { print(\"" + text + "\") }\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o644))
}

// tidy removes what Build keeps of a program that only a test has.
func tidy(t testing.TB, path string) {
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(filepath.Dir(path))) })
}

func TestGoProgramFollowsItsSources(t *testing.T) {
	t.Parallel()
	dir := module(t, "one")
	program := GoProgram{Package: ".", Dir: dir, GOOS: runtime.GOOS}
	first, err := program.Build(t.Context())
	require.NoError(t, err)
	tidy(t, first)
	again, err := program.Build(t.Context())
	require.NoError(t, err)
	assert.Equal(t, first, again)

	writeMain(t, dir, "two")
	second, err := program.Build(t.Context())
	require.NoError(t, err)
	assert.NotEqual(t, first, second)
	for path, want := range map[string]string{first: "one", second: "two"} {
		out, err := exec.Command(path).CombinedOutput()
		require.NoError(t, err)
		assert.Equal(t, want, string(out))
	}
}

func TestGoProgramIsStaticAndForTheGuest(t *testing.T) {
	t.Parallel()
	path, err := GoProgram{Package: ".", Dir: module(t, "hello"), GOARCH: "arm64"}.Build(t.Context())
	require.NoError(t, err)
	tidy(t, path)
	file, err := elf.Open(path)
	require.NoError(t, err)
	defer file.Close()
	assert.Equal(t, elf.EM_AARCH64, file.Machine)
	for _, segment := range file.Progs {
		assert.NotEqual(t, elf.PT_INTERP, segment.Type, "it needs a dynamic linker")
	}
}

func TestGoProgramConcurrently(t *testing.T) {
	t.Parallel()
	program := GoProgram{Package: ".", Dir: module(t, "hello")}
	paths := make([]string, 4)
	var builds sync.WaitGroup
	for i := range paths {
		builds.Go(func() {
			var err error
			paths[i], err = program.Build(t.Context())
			assert.NoError(t, err)
		})
	}
	builds.Wait()
	tidy(t, paths[0])
	for _, path := range paths {
		assert.Equal(t, paths[0], path)
	}
}

func TestGoProgramErrors(t *testing.T) {
	t.Parallel()
	t.Run("does not compile", func(t *testing.T) {
		t.Parallel()
		dir := module(t, "\" + missing + \"")
		_, err := GoProgram{Package: ".", Dir: dir, GOARCH: "arm64"}.Build(t.Context())
		var failed *BuildError
		require.ErrorAs(t, err, &failed)
		assert.ErrorContains(t, err, "expected . (linux/arm64) to compile for the guest, but go build failed: exit status 1\n")
		assert.ErrorContains(t, err, "undefined: missing")
	})
	t.Run("no package", func(t *testing.T) {
		t.Parallel()
		_, err := GoProgram{}.Build(t.Context())
		assert.ErrorContains(t, err, "expected GoProgram.Package to name a main package")
	})
}

func TestGoProgramWithoutGo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := GoProgram{Package: "."}.Build(t.Context())
	require.ErrorIs(t, err, exec.ErrNotFound)
	assert.ErrorContains(t, err, "expected a go command to compile . (linux/")
}
