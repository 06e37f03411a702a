package image

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// GoProgram is a program written in Go, to be cross-compiled for a guest. Only
// Package must be set.
//
// The fields named after variables of the go command (go help environment) are
// passed on to it; where they are empty, its own defaults for GOARCH hold, not
// the variables of the environment.
type GoProgram struct {
	// Package is the main package: an import path, or a directory that begins
	// with "./".
	Package string
	// Dir is the directory in which the go command runs, and so decides on the
	// module. Default: the working directory, which in a test is the directory
	// of its package.
	Dir string

	// GOOS is the system of the guest, "linux" by default, GOARCH its
	// architecture, by default that of this process.
	GOOS, GOARCH string
	// GOARM is "5" for Debian's armel, and for boards without an FPU.
	GOARM string
	// GOMIPS and GOMIPS64 are "softfloat" for CPUs without an FPU.
	GOMIPS, GOMIPS64 string
	// GO386 is "softfloat" for CPUs without SSE2.
	GO386 string
	// GOAMD64, GOARM64, GOPPC64 and GORISCV64 choose newer instruction sets.
	GOAMD64, GOARM64, GOPPC64, GORISCV64 string

	// Tags are build tags.
	Tags []string
	// LDFlags are flags for the linker, for example "-X main.port=3". "-s -w"
	// goes before them: the guest has no use for symbols, and panics show
	// function names and lines without them.
	LDFlags string
	// Flags are further flags of go build, for example "-cover".
	Flags []string
}

// BuildError is the error of a program that does not compile.
type BuildError struct {
	// Program is what was to be built.
	Program GoProgram
	// Output is what the go command printed.
	Output string
	// Err is how the go command ended.
	Err error
}

// Error returns what was built and, on further lines, what the go command
// printed.
func (e *BuildError) Error() string {
	return fmt.Sprintf("expected %s to compile for the guest, but go build failed: %v\n%s",
		e.Program, e.Err, strings.TrimSpace(e.Output))
}

// Unwrap returns how the go command ended.
func (e *BuildError) Unwrap() error { return e.Err }

// String returns the package and the platform, for example
// "./testdata/init (linux/arm64)".
func (p GoProgram) String() string {
	return fmt.Sprintf("%s (%s/%s)", p.Package, p.goos(), p.goarch())
}

// Build compiles the program with the go command found in PATH, and returns the
// path of the executable, which nobody may change: it is kept in the user's
// cache directory ([os.UserCacheDir]) under "qemutest/programs", named by its
// content. The go command is asked each time, so the executable is always that
// of the current sources, but when nothing changed, it answers in about 0.1 s.
// However many goroutines and processes build the same program at once, it is
// compiled once.
//
// An error wraps [exec.ErrNotFound] where there is no go command; one of the
// sources is a [*BuildError].
func (p GoProgram) Build(ctx context.Context) (string, error) {
	goCommand, err := exec.LookPath("go")
	if err != nil {
		return "", fmt.Errorf("expected a go command to compile %s; put the bin directory of a Go installation into PATH: %w", p, err)
	}
	dir, err := p.cacheDir(goCommand)
	if err != nil {
		return "", fmt.Errorf("finding the place for %s: %w", p, err)
	}
	unlock, err := lock(ctx, filepath.Join(dir, "lock"))
	if err != nil {
		return "", fmt.Errorf("waiting for another process that compiles %s: %w", p, err)
	}
	defer unlock()
	// The go command leaves this file alone when it is up to date.
	latest := filepath.Join(dir, "latest")
	if err := p.compile(ctx, goCommand, latest); err != nil {
		return "", err
	}
	return keep(latest, dir)
}

// cacheDir makes and returns the directory of the program: one for each set of
// fields, module and go command.
func (p GoProgram) cacheDir(goCommand string) (string, error) {
	if p.Package == "" {
		return "", errors.New("expected GoProgram.Package to name a main package, but it is empty")
	}
	dir, err := filepath.Abs(p.Dir)
	if err != nil {
		return "", err
	}
	p.Dir = dir
	key, err := json.Marshal([]any{goCommand, p})
	if err != nil {
		return "", err
	}
	root, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	cache := filepath.Join(root, "qemutest", "programs", fmt.Sprintf("%x", sha256.Sum256(key))[:16])
	return cache, os.MkdirAll(cache, 0o755)
}

// compile runs go build.
func (p GoProgram) compile(ctx context.Context, goCommand, output string) error {
	// Neither the directory nor the commit count, so that equal sources give
	// equal executables.
	args := []string{"build", "-o", output, "-trimpath", "-buildvcs=false", "-ldflags=" + strings.TrimSpace("-s -w "+p.LDFlags)}
	if len(p.Tags) > 0 {
		args = append(args, "-tags="+strings.Join(p.Tags, ","))
	}
	args = append(args, p.Flags...)
	cmd := exec.CommandContext(ctx, goCommand, append(args, p.Package)...)
	cmd.Dir = p.Dir
	cmd.Env = append(os.Environ(), p.environment()...)
	text, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return fmt.Errorf("compiling %s: %w", p, context.Cause(ctx))
	}
	if err != nil {
		return &BuildError{Program: p, Output: string(text), Err: err}
	}
	return nil
}

// environment returns the variables that decide for which machine is compiled.
// An empty one counts as not set.
func (p GoProgram) environment() []string {
	return []string{
		"CGO_ENABLED=0",
		"GOOS=" + p.goos(), "GOARCH=" + p.goarch(),
		"GOARM=" + p.GOARM, "GOMIPS=" + p.GOMIPS, "GOMIPS64=" + p.GOMIPS64, "GO386=" + p.GO386,
		"GOAMD64=" + p.GOAMD64, "GOARM64=" + p.GOARM64, "GOPPC64=" + p.GOPPC64, "GORISCV64=" + p.GORISCV64,
	}
}

func (p GoProgram) goos() string   { return cmp.Or(p.GOOS, "linux") }
func (p GoProgram) goarch() string { return cmp.Or(p.GOARCH, runtime.GOARCH) }
