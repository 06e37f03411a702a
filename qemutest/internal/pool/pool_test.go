package pool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testPool returns a pool of its own, for two cores and 4 GiB.
func testPool(t *testing.T) *Pool {
	return &Pool{Dir: t.TempDir() + "/pool", Budget: Budget{Memory: 4 << 30, Cores: 2}}
}

func mustAcquire(t *testing.T, p *Pool, w Weight) (release func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	release, err := p.Acquire(ctx, w)
	require.NoError(t, err)
	t.Cleanup(release)
	return release
}

// acquireLater makes a request in the background, gives the place back at once,
// and returns what became of the request.
func acquireLater(t *testing.T, p *Pool, w Weight) <-chan error {
	got := make(chan error)
	go func() {
		release, err := p.Acquire(t.Context(), w)
		if err == nil {
			release()
		}
		got <- err
	}()
	return got
}

// refused proves that w does not fit now.
func refused(t *testing.T, p *Pool, w Weight) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	release, err := p.Acquire(ctx, w)
	if err == nil {
		release()
	}
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// queued waits until the pool's directory shows n waiting requests.
func queued(t *testing.T, p *Pool, n int) {
	t.Helper()
	require.Eventually(t, func() bool { return count(t, p, stateWaiting) == n }, 20*time.Second, time.Millisecond)
}

func count(t *testing.T, p *Pool, state rune) (n int) {
	entries, err := os.ReadDir(p.Dir)
	require.NoError(t, err)
	for _, e := range entries {
		if h, ok := parseHeader(e.Name()); ok && h.state == state {
			n++
		}
	}
	return n
}

func TestFourLightMachinesOnTwoCores(t *testing.T) {
	t.Parallel()
	p := testPool(t)
	for range 3 {
		mustAcquire(t, p, Weight{})
	}
	release := mustAcquire(t, p, Weight{})
	refused(t, p, Weight{})
	release()
	mustAcquire(t, p, Weight{})
}

func TestEachDimensionLimits(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		budget     Budget
		held, more Weight
	}{
		"memory":   {Budget{Memory: 1 << 30}, Weight{Memory: 600 << 20}, Weight{Memory: 600 << 20}},
		"cores":    {Budget{Cores: 4}, Weight{Cores: 3.5}, Weight{Cores: 0.501}},
		"machines": {Budget{Machines: 3}, Weight{Machines: 2}, Weight{Machines: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &Pool{Dir: t.TempDir() + "/pool", Budget: tt.budget}
			release := mustAcquire(t, p, tt.held)
			refused(t, p, tt.more)
			release()
			mustAcquire(t, p, tt.more)
		})
	}
}

func TestOversizeRunsAlone(t *testing.T) {
	t.Parallel()
	p := testPool(t)
	small := mustAcquire(t, p, Weight{})
	huge := Weight{Memory: 1 << 40, Cores: 64}
	refused(t, p, huge)
	small()
	release := mustAcquire(t, p, huge)
	refused(t, p, Weight{})
	release()
	mustAcquire(t, p, Weight{})
}

func TestReleaseTwiceGivesOnePlace(t *testing.T) {
	t.Parallel()
	p := &Pool{Dir: t.TempDir() + "/pool", Budget: Budget{Machines: 1}}
	first := mustAcquire(t, p, Weight{})
	first()
	mustAcquire(t, p, Weight{})
	first()
	refused(t, p, Weight{})
}

func TestLargeRequestIsNotOvertaken(t *testing.T) {
	t.Parallel()
	p := testPool(t)
	held := mustAcquire(t, p, Weight{Name: "held"})

	var mu sync.Mutex
	var order []string
	var wg sync.WaitGroup
	for i, w := range []Weight{
		{Name: "large", Cores: 2},
		{Name: "small 1"}, {Name: "small 2"}, {Name: "small 3"},
		{Name: "large 2", Cores: 2},
		{Name: "small 4"},
	} {
		wg.Go(func() {
			release, err := p.Acquire(t.Context(), w)
			if !assert.NoError(t, err) {
				return
			}
			mu.Lock()
			order = append(order, w.Name)
			mu.Unlock()
			release()
		})
		queued(t, p, i+1) // although all small ones would fit
	}
	held()
	wg.Wait()
	require.Len(t, order, 6)
	assert.Equal(t, "large", order[0])
	assert.ElementsMatch(t, []string{"small 1", "small 2", "small 3"}, order[1:4])
	assert.Equal(t, []string{"large 2", "small 4"}, order[4:])
}

func TestCancelledWaiterMakesWay(t *testing.T) {
	t.Parallel()
	p := testPool(t)
	held := mustAcquire(t, p, Weight{Cores: 1, Name: "TestHeld/with a slash"})

	ctx, cancel := context.WithCancelCause(t.Context())
	impatient := make(chan error)
	go func() {
		_, err := p.Acquire(ctx, Weight{Cores: 2})
		impatient <- err
	}()
	queued(t, p, 1)
	patient := acquireLater(t, p, Weight{Cores: 1})
	queued(t, p, 2)

	cause := errors.New("the test was stopped")
	cancel(cause)
	err := <-impatient
	require.ErrorIs(t, err, cause)
	assert.ErrorContains(t, err, "gave up waiting for a place among the running machines")
	assert.ErrorContains(t, err, fmt.Sprintf("TestHeld_with a slash (process %d, running: 256 MiB, 1.0 cores, 1 machines)", os.Getpid()))
	require.NoError(t, <-patient, "the small request fits as soon as the large one gives up")
	held()
	assert.Zero(t, count(t, p, stateRunning)+count(t, p, stateWaiting), "nothing is left behind")
}

// A request that has to wait is told once, and who it waits for.
func TestWaitingIsTold(t *testing.T) {
	t.Parallel()
	p := testPool(t)
	told := make(chan string, 10)
	p.Waiting = func(inTheWay string) { told <- inTheWay }
	held := mustAcquire(t, p, Weight{Cores: 1, Name: "first"})
	other := mustAcquire(t, p, Weight{Cores: 1, Name: "second"})
	assert.Empty(t, told, "nobody was in the way")

	got := acquireLater(t, p, Weight{Cores: 2})
	text := <-told
	assert.Contains(t, text, "first (process ")
	assert.Contains(t, text, "second (process ")
	held() // too little
	other()
	require.NoError(t, <-got)
	assert.Empty(t, told, "it was told before")
}

func TestEndedContextGetsNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := testPool(t).Acquire(ctx, Weight{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestManyGoroutinesStayInBudget(t *testing.T) {
	t.Parallel()
	p := testPool(t)
	var memory, milliCores atomic.Int64
	var wg sync.WaitGroup
	for i := range 100 {
		w := Weight{Memory: int64(i%4+1) * 512 << 20, Cores: float64(i%3+1) / 2}
		wg.Go(func() {
			release, err := p.Acquire(t.Context(), w)
			if !assert.NoError(t, err) {
				return
			}
			assert.LessOrEqual(t, memory.Add(w.Memory), p.Budget.Memory)
			assert.LessOrEqual(t, milliCores.Add(int64(w.Cores*1000)), int64(p.Budget.Cores*1000))
			time.Sleep(time.Millisecond) // a machine that runs
			memory.Add(-w.Memory)
			milliCores.Add(-int64(w.Cores * 1000))
			release()
		})
	}
	wg.Wait()
	assert.Zero(t, count(t, p, stateRunning)+count(t, p, stateWaiting))
}

// Two processes disagree about the budget: each applies its own to the sum.
func TestBudgetsMayDiffer(t *testing.T) {
	t.Parallel()
	wide := testPool(t)
	narrow := &Pool{Dir: wide.Dir, Budget: Budget{Machines: 1}}
	release := mustAcquire(t, wide, Weight{})
	refused(t, narrow, Weight{})
	mustAcquire(t, wide, Weight{})
	release()
	refused(t, narrow, Weight{})
}

func TestDirectoryMayVanish(t *testing.T) {
	t.Parallel()
	p := testPool(t)
	held := mustAcquire(t, p, Weight{Cores: 2})
	waiter := acquireLater(t, p, Weight{})
	queued(t, p, 1)
	require.NoError(t, os.RemoveAll(p.Dir))
	mustAcquire(t, p, Weight{})
	held()
	require.NoError(t, <-waiter)
}

func TestDirectoryMustBePrivate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := dir + "/open"
	require.NoError(t, os.Mkdir(open, 0o700))
	require.NoError(t, os.Chmod(open, 0o777))
	_, err := (&Pool{Dir: open}).Acquire(t.Context(), Weight{})
	assert.ErrorContains(t, err, "must belong to user")
	assert.ErrorContains(t, err, "mode 0777: remove it, it is made again, or set QEMU_TEST_POOL_DIR")

	private := dir + "/private"
	require.NoError(t, os.Mkdir(private, 0o700))
	link := dir + "/link"
	require.NoError(t, os.Symlink(private, link))
	_, err = (&Pool{Dir: link}).Acquire(t.Context(), Weight{})
	assert.Error(t, err, "a symlink may point anywhere")
}

func TestForeignFilesAreIgnored(t *testing.T) {
	t.Parallel()
	p := testPool(t)
	require.NoError(t, os.Mkdir(p.Dir, 0o700))
	require.NoError(t, os.WriteFile(p.Dir+"/README", nil, 0o600))
	mustAcquire(t, p, Weight{})
}

func TestHeaderRoundTrip(t *testing.T) {
	t.Parallel()
	for _, owner := range []string{"", "TestX", "Test/sub test.with %d dots", strings.Repeat("x", maxOwner)} {
		h := header{seq: 77, state: stateRunning, load: load{1 << 40, 500, 3}, pid: 4711, owner: owner}
		got, ok := parseHeader(h.String())
		require.True(t, ok)
		h.owner = strings.ReplaceAll(owner, "/", "_")
		assert.Equal(t, h, got)
	}
	long := header{owner: strings.Repeat("ü", 300)}
	assert.Less(t, len(long.String()), 255)
	for _, name := range []string{"", ".", "README", "1.w.2", "1.w.2.3.4.5", "zz.w.1.1.1.1.x"} {
		_, ok := parseHeader(name)
		assert.False(t, ok, name)
	}
}

func TestWeightAdd(t *testing.T) {
	t.Parallel()
	sum := Weight{Name: "TestMigration", Memory: 1 << 30}.Add(Weight{Cores: 2})
	assert.Equal(t, Weight{Name: "TestMigration", Memory: 1<<30 + defaultMemory, Cores: 2.5, Machines: 2}, sum)
}

func TestJobsOverrideCores(t *testing.T) {
	t.Setenv(JobsEnv, "7")
	b, err := DefaultBudget()
	require.NoError(t, err)
	assert.Equal(t, Budget{Machines: 7, Memory: hostBudget().Memory}, b)

	for _, bad := range []string{"-1", "many", "2.5"} {
		t.Setenv(JobsEnv, bad)
		_, err := Acquire(t.Context(), Weight{})
		require.ErrorContains(t, err, "QEMU_TEST_JOBS must be the number of machines")
	}
}

func TestDefaultBudget(t *testing.T) {
	t.Setenv(JobsEnv, "")
	b, err := DefaultBudget()
	require.NoError(t, err)
	assert.GreaterOrEqual(t, b.Memory, int64(64<<20))
	assert.Greater(t, b.Cores, 0.0)
	assert.Zero(t, b.Machines)
}

func TestDirCanBeChosen(t *testing.T) {
	dir := t.TempDir() + "/ours"
	t.Setenv(DirEnv, dir)
	release, err := Acquire(t.Context(), Weight{})
	require.NoError(t, err)
	release()
	assert.DirExists(t, dir)

	t.Setenv(DirEnv, "build")
	_, err = Acquire(t.Context(), Weight{})
	require.ErrorContains(t, err, "QEMU_TEST_POOL_DIR must be an absolute path")
}

func TestDefaultDirIsSharedAndPrivate(t *testing.T) {
	dir, err := defaultDir()
	require.NoError(t, err)
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	again, err := defaultDir()
	require.NoError(t, err)
	if runtime.GOOS == "linux" && strings.HasPrefix(dir, "/dev/shm") {
		assert.Equal(t, dir, again, "the environment does not split the pool")
	}
	info, err := os.Stat(dir)
	require.NoError(t, err)
	assert.Equal(t, os.ModeDir|0o700, info.Mode())
}

// benchmarkPool lies where the default one does, since the file system is
// most of the price.
func benchmarkPool(b *testing.B) *Pool {
	dir, err := defaultDir()
	require.NoError(b, err)
	dir = fmt.Sprintf("%s-bench-%d", dir, os.Getpid())
	b.Cleanup(func() { os.RemoveAll(dir) })
	return &Pool{Dir: dir, Budget: Budget{Cores: 2}}
}

// The price of a place when there is room: Acquire and release.
func BenchmarkUncontended(b *testing.B) {
	p := benchmarkPool(b)
	for b.Loop() {
		release, err := p.Acquire(b.Context(), Weight{})
		if err != nil {
			b.Fatal(err)
		}
		release()
	}
}

// The same with three other machines running.
func BenchmarkBesideOthers(b *testing.B) {
	p := benchmarkPool(b)
	for range 3 {
		release, err := p.Acquire(b.Context(), Weight{})
		if err != nil {
			b.Fatal(err)
		}
		defer release()
	}
	for b.Loop() {
		release, err := p.Acquire(b.Context(), Weight{})
		if err != nil {
			b.Fatal(err)
		}
		release()
	}
}
