package pool

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The test binary starts itself as another process that uses the pool:
// childEnv names what it does, dirEnv the pool's directory.
const (
	childEnv = "POOL_TEST_CHILD"
	dirEnv   = "POOL_TEST_DIR"
)

func TestMain(m *testing.M) {
	p := &Pool{Dir: os.Getenv(dirEnv), Budget: Budget{Memory: 4 << 30, Cores: 2}}
	switch os.Getenv(childEnv) {
	case "":
		os.Exit(m.Run())
	case "hold": // all, until killed
		if _, err := p.Acquire(context.Background(), Weight{Cores: 2, Name: "hold"}); err != nil {
			panic(err)
		}
		fmt.Println("held")
		select {}
	case "wait": // in the queue, until killed
		_, _ = p.Acquire(context.Background(), Weight{Cores: 2, Name: "wait"})
	case "work":
		work(p)
	case "machines":
		runMachines(p)
	}
}

// work makes 13 requests of various sizes, four at a time, and logs to a file
// common to all processes. A line with a plus is written after the request was
// granted and one with a minus before its release, so the sum over the
// file's lines is never more than what was in use at that moment.
func work(p *Pool) {
	log, err := os.OpenFile(p.Dir+".log", os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		panic(err)
	}
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := worker; i < 13; i += 4 {
				w := Weight{Memory: 512 << 20 << (i % 3), Cores: float64(i%4+1) / 2}
				release, err := p.Acquire(context.Background(), w)
				if err != nil {
					panic(err)
				}
				fmt.Fprintf(log, "+1 %d %d\n", w.load().memory, w.load().milliCores)
				time.Sleep(2 * time.Millisecond) // a machine that runs
				fmt.Fprintf(log, "-1 %d %d\n", w.load().memory, w.load().milliCores)
				release()
			}
		})
	}
	wg.Wait()
}

// child starts this test binary with one of the tasks above.
func child(t *testing.T, p *Pool, task string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+task, dirEnv+"="+p.Dir)
	cmd.Stderr = os.Stderr
	t.Cleanup(func() {
		if cmd.Process != nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return cmd
}

func startHolder(t *testing.T, p *Pool) *exec.Cmd {
	t.Helper()
	cmd := child(t, p, "hold")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "held\n", line)
	return cmd
}

func TestEightProcessesStayInBudget(t *testing.T) {
	t.Parallel()
	p := testPool(t)
	require.NoError(t, os.WriteFile(p.Dir+".log", nil, 0o600))
	var workers []*exec.Cmd
	for range 8 {
		w := child(t, p, "work")
		require.NoError(t, w.Start())
		workers = append(workers, w)
	}
	for _, w := range workers {
		require.NoError(t, w.Wait())
	}

	data, err := os.ReadFile(p.Dir + ".log")
	require.NoError(t, err)
	var used, most load
	granted := 0
	for line := range strings.Lines(string(data)) {
		var sign int64
		var l load
		_, err := fmt.Sscan(line, &sign, &l.memory, &l.milliCores)
		require.NoError(t, err)
		if sign > 0 {
			granted++
		}
		used = used.plus(load{memory: sign * l.memory, milliCores: sign * l.milliCores, machines: sign})
		require.LessOrEqual(t, used.memory, int64(4<<30))
		require.LessOrEqual(t, used.milliCores, int64(2000))
		most = load{max(most.memory, used.memory), max(most.milliCores, used.milliCores), max(most.machines, used.machines)}
	}
	assert.Equal(t, 8*13, granted)
	assert.Zero(t, used)
	assert.Greater(t, most.machines, int64(1), "the budget is for more than one at a time")
	assert.Zero(t, count(t, p, stateRunning)+count(t, p, stateWaiting))
}

func TestKilledHolderFreesItsPlace(t *testing.T) {
	t.Parallel()
	p := testPool(t)
	holder := startHolder(t, p)
	refused(t, p, Weight{})

	got := acquireLater(t, p, Weight{Cores: 2})
	queued(t, p, 1)
	require.NoError(t, holder.Process.Kill())
	select {
	case err := <-got:
		require.NoError(t, err)
	case <-time.After(20 * time.Second):
		t.Fatal("the place of a killed process was not freed")
	}
	assert.Zero(t, count(t, p, stateRunning), "what the dead process left is gone")
}

func TestKilledWaiterMakesWay(t *testing.T) {
	t.Parallel()
	p := testPool(t)
	mustAcquire(t, p, Weight{Cores: 1})
	waiter := child(t, p, "wait")
	require.NoError(t, waiter.Start())
	queued(t, p, 1)

	got := acquireLater(t, p, Weight{Cores: 1})
	queued(t, p, 2)
	require.NoError(t, waiter.Process.Kill())
	select {
	case err := <-got:
		require.NoError(t, err)
	case <-time.After(20 * time.Second):
		t.Fatal("a killed process still stands in the queue")
	}
}

// Processes that die in the middle of anything leave a pool that works.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	p := testPool(t)
	require.NoError(t, os.WriteFile(p.Dir+".log", nil, 0o600))
	for range 5 {
		var workers []*exec.Cmd
		for range 4 {
			w := child(t, p, "work")
			require.NoError(t, w.Start())
			workers = append(workers, w)
		}
		for _, w := range workers {
			time.Sleep(time.Duration(rand.IntN(15)) * time.Millisecond) // a random moment
			require.NoError(t, w.Process.Kill())
		}
		for _, w := range workers {
			_ = w.Wait()
		}
		mustAcquire(t, p, Weight{Cores: 2})()
	}
	assert.Zero(t, count(t, p, stateRunning)+count(t, p, stateWaiting))
}
