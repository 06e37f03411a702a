package gotest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest/guest/platform"
)

// requireMachine skips a test where the machine for amd64 or its kernel is
// missing.
func requireMachine(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("qemu-system-x86_64"); err != nil {
		t.Skip("needs qemu-system-x86_64: install it")
	}
	p, err := platform.ForGOARCH("amd64")
	require.NoError(t, err)
	_, err = p.Kernel.Open(t.Context())
	var failure interface{ Transient() bool }
	if errors.As(err, &failure) && failure.Transient() {
		t.Skipf("needs a kernel: %v", err)
	}
	require.NoError(t, err)
}

// invocation compiles the tests of testdata/module with flags of go test, and
// returns their invocation with flags of package testing.
func invocation(t testing.TB, build []string, args ...string) Invocation {
	t.Helper()
	requireMachine(t)
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("testdata/module")))
	binary := filepath.Join(t.TempDir(), "guest.test")
	cmd := exec.CommandContext(t.Context(), "go", append(append([]string{"test", "-c", "-o", binary}, build...), ".")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return Invocation{Binary: binary, Dir: dir, Args: args}
}

func run(t testing.TB, r Runner, i Invocation) (status int, output string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var out bytes.Buffer
	r.Stdout, r.Stderr = &out, &out
	status, err = r.Run(ctx, i)
	return status, out.String(), err
}

func TestTheGuestIsLikeTheHost(t *testing.T) {
	t.Parallel()
	i := invocation(t, nil, "-test.run=TestSurroundings", "-test.v")
	i.Env = append(os.Environ(), "VARIABLE=value of it")
	status, output, err := run(t, Runner{}, i)
	require.NoError(t, err, output)
	assert.Zero(t, status, output)
	host, err := os.Hostname()
	require.NoError(t, err)
	for _, line := range []string{"GOARCH amd64", "variable value of it", "directory " + i.Dir + " <nil>", "host " + host + " <nil>", "PASS"} {
		assert.Contains(t, output, line+"\n")
	}
}

func TestOutputsComeBack(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	i := invocation(t, []string{"-cover"}, "-test.run=TestOutputs", "-test.outputdir="+out, "-test.artifacts",
		"-test.coverprofile="+filepath.Join(out, "cover.out"), "-test.cpuprofile=cpu.out", "-test.memprofile=mem.out",
		"-test.blockprofile=block.out", "-test.mutexprofile=mutex.out", "-test.trace=trace.out",
		"-test.gocoverdir="+filepath.Join(out, "coverage"))
	require.NoError(t, os.Mkdir(filepath.Join(out, "coverage"), 0o755))
	status, output, err := run(t, Runner{}, i)
	require.NoError(t, err, output)
	assert.Zero(t, status, output)

	for _, name := range []string{"cpu.out", "mem.out", "block.out", "mutex.out", "trace.out"} {
		info, err := os.Stat(filepath.Join(out, name))
		if assert.NoError(t, err) {
			assert.NotZero(t, info.Size(), name)
		}
	}
	profile, err := os.ReadFile(filepath.Join(out, "cover.out"))
	require.NoError(t, err)
	assert.Regexp(t, `(?m)^example.org/guest/guest.go:6.11,8.3 1 1$`, string(profile))
	artifacts, err := filepath.Glob(filepath.Join(out, "_artifacts", "*", "artifact.txt"))
	require.NoError(t, err)
	assert.Len(t, artifacts, 1)

	// Standard output and error are one stream, in the order of the writes.
	lines := strings.Split(output, "\n")
	for n := 0; n+1 < 200; n += 2 {
		require.Equal(t, "out "+strings.TrimPrefix(lines[n+1], "err "), lines[n], output)
	}
}

func TestStatusOfAFailure(t *testing.T) {
	t.Parallel()
	status, output, err := run(t, Runner{}, invocation(t, nil, "-test.run=TestFails"))
	require.NoError(t, err)
	assert.Equal(t, 1, status)
	assert.Contains(t, output, "--- FAIL: TestFails")
}

func TestTimeoutOfTheBinary(t *testing.T) {
	t.Parallel()
	status, output, err := run(t, Runner{}, invocation(t, nil, "-test.run=TestTakesTooLong", "-test.timeout=5s"))
	require.NoError(t, err)
	assert.Equal(t, 2, status)
	assert.Contains(t, output, "panic: test timed out after 5s")
	assert.Contains(t, output, "guest.TestTakesTooLong")
}

func TestSignalThatEndsTheBinary(t *testing.T) {
	t.Parallel()
	_, _, err := run(t, Runner{}, invocation(t, nil, "-test.run=TestKilled"))
	assert.ErrorContains(t, err, "SIGKILL ended the test binary")
}

func TestPanicOfTheGuest(t *testing.T) {
	t.Parallel()
	_, _, err := run(t, Runner{}, invocation(t, nil, "-test.run=TestPanicOfTheKernel"))
	assert.ErrorContains(t, err, "Kernel panic - not syncing: sysrq triggered crash")
	assert.ErrorContains(t, err, "last lines of the console:")
}

func TestHangOfTheGuest(t *testing.T) {
	t.Parallel()
	i := invocation(t, nil, "-test.run=TestHangs", "-test.timeout=1s")
	_, _, err := run(t, Runner{grace: time.Second}, i)
	assert.ErrorContains(t, err, "the guest hangs: the test binary has not ended 1s after its limit (-test.timeout)")
	assert.ErrorContains(t, err, "last lines of the console:")
}

func TestWhatFuzzingFinds(t *testing.T) {
	t.Parallel()
	cache := filepath.Join(t.TempDir(), "fuzz")
	i := invocation(t, nil, "-test.run=^$", "-test.fuzz=FuzzLarger", "-test.fuzztime=100000x", "-test.fuzzcachedir="+cache)
	status, output, err := run(t, Runner{}, i)
	require.NoError(t, err, output)
	assert.Equal(t, 1, status, output)
	found, err := filepath.Glob(filepath.Join(i.Dir, "testdata", "fuzz", "FuzzLarger", "*"))
	require.NoError(t, err)
	assert.Len(t, found, 1, output)
}
