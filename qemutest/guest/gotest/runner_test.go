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
	"github.com/qemutest/functional/qemutest/internal/emulator"
	"github.com/qemutest/functional/qemutest/internal/pool"
	"github.com/qemutest/functional/qemutest/internal/timescale"
)

// requireMachine skips a test where the machine for amd64 or its kernel is
// missing.
func requireMachine(t testing.TB) {
	t.Helper()
	_, _, err := emulator.Find(t.Context(), "x86_64")
	var missing *emulator.Missing
	if errors.As(err, &missing) {
		t.Skip(missing.Reason)
	}
	require.NoError(t, err)
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
// returns their invocation with flags of package testing. Their time limit is
// five minutes unless the flags say otherwise.
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
	return Invocation{Binary: binary, Dir: dir, Args: append([]string{"-test.timeout=5m"}, args...)}
}

// run runs a binary. What limits it are the limits of Run itself, which begin
// when it has its place among the machines of the host.
func run(t testing.TB, r Runner, i Invocation) (status int, output string, err error) {
	t.Helper()
	var out bytes.Buffer
	r.Stdout, r.Stderr = &out, &out
	status, err = r.Run(t.Context(), i)
	return status, out.String(), err
}

// onePlace returns a runner with a pool of its own that has room for one
// machine, and a function that gives back the place that a test named "the other"
// has taken there. What the runner tells is on the channel.
func onePlace(t *testing.T) (r Runner, leave func(), told chan string) {
	t.Helper()
	told = make(chan string, 10)
	r = Runner{
		Notify: func(text string) { told <- text },
		LogDir: filepath.Join(t.TempDir(), "new", "logs"),
		pool:   pool.Pool{Dir: filepath.Join(t.TempDir(), "pool"), Budget: pool.Budget{Machines: 1}},
	}
	leave, err := r.pool.Acquire(t.Context(), pool.Weight{Name: "the other"})
	require.NoError(t, err)
	return r, leave, told
}

func TestRunWaitsForAPlace(t *testing.T) {
	t.Parallel()
	i := invocation(t, nil, "-test.run=^$")
	r, leave, told := onePlace(t)
	ended := make(chan error)
	go func() {
		status, output, err := run(t, r, i)
		if err == nil && status != 0 {
			err = errors.New(output)
		}
		ended <- err
	}()
	assert.Contains(t, <-told, "waiting for a place to run the machine, in the way: the other (process ")
	logs, err := os.ReadDir(r.LogDir)
	require.NoError(t, err)
	assert.Empty(t, logs, "no machine was launched")

	leave()
	assert.Contains(t, <-told, "got a place after ")
	require.NoError(t, <-ended)
	assert.FileExists(t, filepath.Join(r.LogDir, "console.log"))
	leave, err = r.pool.Acquire(t.Context(), pool.Weight{})
	require.NoError(t, err, "the place was given back")
	leave()
	assert.Empty(t, told)
}

func TestTheWaitForAPlaceCanBeEnded(t *testing.T) {
	t.Parallel()
	i := invocation(t, nil, "-test.run=^$")
	r, leave, told := onePlace(t)
	defer leave()
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-told
		cancel(errors.New("the user has gone home"))
	}()
	_, err := r.Run(ctx, i)
	assert.ErrorContains(t, err, "waiting for a place to run the machine: gave up")
	assert.ErrorContains(t, err, "the user has gone home\nin the way: the other (process ")
}

// The limit of the boot follows QEMU_TEST_TIMEOUT_SCALE, and begins with the
// boot.
func TestLimitOfTheBoot(t *testing.T) {
	i := invocation(t, nil, "-test.run=^$")
	t.Setenv(timescale.Env, "0.001")
	r, leave, told := onePlace(t)
	go func() {
		<-told
		time.Sleep(500 * time.Millisecond) // more than the limit of the boot
		leave()
	}()
	_, err := r.Run(t.Context(), i)
	assert.ErrorContains(t, err, "the guest's agent did not answer within 180ms (QEMU_TEST_TIMEOUT_SCALE multiplies that)")
	assert.ErrorContains(t, err, "last lines of the console:")
	require.Len(t, told, 1)
	assert.Contains(t, <-told, "got a place after ")

	t.Setenv(timescale.Env, "soon")
	_, err = r.Run(t.Context(), i)
	assert.ErrorContains(t, err, `QEMU_TEST_TIMEOUT_SCALE="soon": expected a number above 0`)
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

// Programs that tests run leave their coverage in another directory than the
// test binary does.
func TestCoverageOfProgramsComesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	i := invocation(t, nil, "-test.run=TestCoverageOfAProgram")
	i.Env = append(os.Environ(), "GOCOVERDIR="+dir)
	status, output, err := run(t, Runner{}, i)
	require.NoError(t, err, output)
	assert.Zero(t, status, output)
	text, err := os.ReadFile(filepath.Join(dir, "covcounters.program"))
	require.NoError(t, err)
	assert.Equal(t, "counters", string(text))
}

// A binary that never ends has its output passed on.
func TestOutputComesAsItIsPrinted(t *testing.T) {
	t.Parallel()
	i := invocation(t, nil, "-test.v", "-test.run=TestTakesTooLong", "-test.timeout=1m")
	ctx, cancel := context.WithCancelCause(t.Context())
	seen := errors.New("the output has come")
	output := &lookout{text: "=== RUN   TestTakesTooLong\n", found: func() { cancel(seen) }}
	_, err := Runner{Stdout: output}.Run(ctx, i)
	assert.ErrorIs(t, err, seen, "%s", output.output)
}

// lookout calls found when it has been written a text.
type lookout struct {
	text   string
	found  func()
	output []byte
}

func (l *lookout) Write(p []byte) (int, error) {
	if l.output = append(l.output, p...); bytes.Contains(l.output, []byte(l.text)) {
		l.found()
	}
	return len(p), nil
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

// The guest's channel closes before it is known how QEMU ended.
func TestGuestThatEndsDuringItsBoot(t *testing.T) {
	t.Parallel()
	i := invocation(t, nil, "-test.run=^$")
	_, _, err := run(t, Runner{Memory: 64, LogDir: t.TempDir()}, i)
	require.Error(t, err)
	first, details, _ := strings.Cut(err.Error(), "\n")
	assert.Equal(t, "the guest did not boot: the machine ended: the guest reset by a triple fault, which -no-reboot makes the end", first)
	assert.Contains(t, details, "last lines of the console: none, it is silent\n")
	assert.Regexp(t, `(?m)^it may have too little memory: it has 64 MiB \(usual are 1024\), its file system takes \d+ MiB packed`, details)

	// A bit more, and the kernel can say so.
	_, _, err = run(t, Runner{Memory: 80}, i)
	assert.ErrorContains(t, err, "Kernel panic - not syncing")
	assert.ErrorContains(t, err, "it may have too little memory: it has 80 MiB")
}

func TestMachinesThatCannotBe(t *testing.T) {
	t.Parallel()
	i := invocation(t, nil, "-test.run=^$")
	for machine, want := range map[string]string{
		"nope":    `expected QEMU to start, it exited with status 1: qemu-system-x86_64: unsupported machine type: "nope"`,
		"microvm": "expected a machine with the bus of virtio-serial-pci, as q35 has it, got microvm, which lacks the bus: ",
	} {
		_, _, err := run(t, Runner{Machine: machine}, i)
		require.Error(t, err)
		first, _, _ := strings.Cut(err.Error(), "\n")
		assert.Contains(t, first, want)
		assert.NotContains(t, err.Error(), "memory")
	}
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
