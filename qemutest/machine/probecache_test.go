package machine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// probeFixture is a user with a cache directory and an emulator.
type probeFixture struct {
	binary string
	dir    string // of the user's caches
	asked  atomic.Int32
	answer Capabilities
}

func newProbeFixture(t *testing.T) *probeFixture {
	t.Helper()
	f := &probeFixture{binary: filepath.Join(t.TempDir(), "qemu"), dir: filepath.Join(t.TempDir(), "cache")}
	require.NoError(t, os.WriteFile(f.binary, []byte("emulator"), 0o755))
	f.answer = Capabilities{Target: "x86_64", Machines: []MachineType{{Name: "pc-1", Alias: "pc"}}, CPUs: []string{"486"}}
	return f
}

// process returns the cache of a process that was just started.
func (f *probeFixture) process() *probeCache {
	return &probeCache{
		dir: func() (string, error) { return f.dir, nil },
		ask: func(context.Context, string) (*Capabilities, error) {
			f.asked.Add(1)
			answer := f.answer
			return &answer, nil
		},
	}
}

// requireAnswer gets an answer from a process and requires how often the
// emulator was asked so far.
func (f *probeFixture) requireAnswer(t *testing.T, p *probeCache, asked int) {
	t.Helper()
	got, err := p.get(t.Context(), f.binary)
	require.NoError(t, err)
	require.Equal(t, &f.answer, got)
	require.EqualValues(t, asked, f.asked.Load())
}

func (f *probeFixture) file(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(f.dir, "qemutest", "*"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	return files[0]
}

func TestAnEmulatorIsAskedOnce(t *testing.T) {
	t.Parallel()
	f := newProbeFixture(t)
	first := f.process()
	f.requireAnswer(t, first, 1)
	f.requireAnswer(t, first, 1)
	f.requireAnswer(t, f.process(), 1)
	assert.Equal(t, ".json", filepath.Ext(f.file(t)), "no temporary file is left")
}

func TestAnEmulatorThatChangedIsAskedAgain(t *testing.T) {
	t.Parallel()
	f := newProbeFixture(t)
	p := f.process()
	f.requireAnswer(t, p, 1)

	f.answer.Target = "arm"
	require.NoError(t, os.Chtimes(f.binary, time.Time{}, time.Unix(1, 0)))
	f.requireAnswer(t, p, 2)

	// Another file of the same size and time, as a mount over the path is.
	f.answer.Target = "avr"
	other := f.binary + ".other"
	require.NoError(t, os.WriteFile(other, []byte("emulatoR"), 0o755))
	require.NoError(t, os.Chtimes(other, time.Time{}, time.Unix(1, 0)))
	require.NoError(t, os.Rename(other, f.binary))
	f.requireAnswer(t, p, 3)
	f.requireAnswer(t, f.process(), 3)
}

func TestANewModuleCounts(t *testing.T) {
	t.Parallel()
	f := newProbeFixture(t)
	bin := filepath.Join(t.TempDir(), "bin")
	modules := filepath.Join(filepath.Dir(bin), "lib64", "qemu")
	require.NoError(t, os.MkdirAll(bin, 0o755))
	require.NoError(t, os.Rename(f.binary, filepath.Join(bin, "qemu")))
	f.binary = filepath.Join(bin, "qemu")
	p := f.process()
	f.requireAnswer(t, p, 1)
	require.NoError(t, os.MkdirAll(modules, 0o755))
	f.requireAnswer(t, p, 2)
	require.NoError(t, os.WriteFile(filepath.Join(modules, "hw-foo.so"), nil, 0o644))
	require.NoError(t, os.Chtimes(modules, time.Time{}, time.Unix(1, 0))) // file systems may have coarse times
	f.requireAnswer(t, p, 3)
}

func TestADamagedCacheIsIgnored(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(text []byte) []byte{
		"empty":     func([]byte) []byte { return nil },
		"cut":       func(text []byte) []byte { return text[:len(text)/2] },
		"garbage":   func([]byte) []byte { return []byte("\x00\xff") },
		"no answer": func([]byte) []byte { return []byte("{}") },
		"of another emulator": func(text []byte) []byte {
			return []byte(string(text[:len(`{"Stamp":{"Format":`)]) + "99" + string(text[len(`{"Stamp":{"Format":1`):]))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newProbeFixture(t)
			f.requireAnswer(t, f.process(), 1)
			text, err := os.ReadFile(f.file(t))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(f.file(t), damage(text), 0o644))
			f.requireAnswer(t, f.process(), 2)
			f.requireAnswer(t, f.process(), 2) // mended
		})
	}
}

func TestACacheThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	f := newProbeFixture(t)
	require.NoError(t, os.WriteFile(f.dir, nil, 0o644)) // in the place of the directory
	p := f.process()
	f.requireAnswer(t, p, 1)
	f.requireAnswer(t, p, 1)

	p = f.process()
	p.dir = func() (string, error) { return "", errors.New("no home") }
	f.requireAnswer(t, p, 2)
}

func TestOldAnswersAreForgotten(t *testing.T) {
	t.Parallel()
	f := newProbeFixture(t)
	dir := filepath.Join(f.dir, "qemutest")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	old := filepath.Join(dir, "capabilities-old.json")
	require.NoError(t, os.WriteFile(old, nil, 0o644))
	require.NoError(t, os.Chtimes(old, time.Time{}, time.Now().Add(-2*cacheAge)))
	f.requireAnswer(t, f.process(), 1)
	assert.NoFileExists(t, old)
}

func TestManyMayProbeAtOnce(t *testing.T) {
	t.Parallel()
	f := newProbeFixture(t)
	p := f.process()
	var callers sync.WaitGroup
	for range 20 {
		callers.Go(func() { f.requireAnswer(t, p, 1) })
	}
	callers.Wait()
}

func TestAFailureIsNotKept(t *testing.T) {
	t.Parallel()
	f := newProbeFixture(t)
	p := f.process()
	working := p.ask
	p.ask = func(context.Context, string) (*Capabilities, error) { return nil, errors.New("not now") }
	_, err := p.get(t.Context(), f.binary)
	require.EqualError(t, err, "not now")
	p.ask = working
	f.requireAnswer(t, p, 1)
}

// Who waits for the answer that another one asks for can give up.
func TestWaitingForAnAnswerEndsWithTheContext(t *testing.T) {
	t.Parallel()
	f := newProbeFixture(t)
	p := f.process()
	asking, answer := make(chan struct{}), make(chan struct{})
	p.ask = func(context.Context, string) (*Capabilities, error) {
		close(asking)
		<-answer
		return &f.answer, nil
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, err := p.get(context.Background(), f.binary)
		assert.NoError(t, err)
	}()
	<-asking
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := p.get(ctx, f.binary)
	assert.ErrorIs(t, err, context.Canceled)
	close(answer)
	<-done
}
