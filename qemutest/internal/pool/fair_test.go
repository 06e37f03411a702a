package pool

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// machinesEnv tells a child which machines it runs: the numbers from one up to,
// but not including, another one.
const machinesEnv = "POOL_TEST_MACHINES"

const (
	fairMachines  = 100
	fairProcesses = 8
	fairWorkers   = 4 // of each process

	// fairCrowd is how many machines run at once before the first one ends, of
	// the eight that the memory is for, however slowly a host starts processes.
	fairCrowd = 5
)

// fairWeight is that of a machine: 512 MiB, and now and then one that needs both
// cores, which a pool without a queue would let starve.
func fairWeight(machine int) Weight {
	if machine%10 == 5 {
		return Weight{Memory: 512 << 20, Cores: 2}
	}
	return Weight{Memory: 512 << 20, Cores: 0.2}
}

// runMachines logs, for each machine, that it asks, that it runs, and that it
// is about to end.
func runMachines(p *Pool) {
	log, err := os.OpenFile(p.Dir+".log", os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		panic(err)
	}
	var first, end int
	if _, err := fmt.Sscan(os.Getenv(machinesEnv), &first, &end); err != nil {
		panic(err)
	}
	var workers sync.WaitGroup
	for worker := range fairWorkers {
		workers.Go(func() {
			for machine := first + worker; machine < end; machine += fairWorkers {
				if fairWeight(machine).Cores > 1 {
					awaitCrowd(p) // which this one would keep from coming together
				}
				fmt.Fprintln(log, os.Getpid(), "asks", machine)
				release, err := p.Acquire(context.Background(), fairWeight(machine))
				if err != nil {
					panic(err)
				}
				fmt.Fprintln(log, os.Getpid(), "runs", machine)
				awaitCrowd(p)
				time.Sleep(5 * time.Millisecond) // a machine that runs
				fmt.Fprintln(log, os.Getpid(), "ends", machine)
				release()
			}
		})
	}
	workers.Wait()
}

// awaitCrowd waits until the log has told of so many. When they do not come, the
// machines end all the same, and the test fails.
func awaitCrowd(p *Pool) {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		data, err := os.ReadFile(p.Dir + ".log")
		if err != nil {
			panic(err)
		}
		log := newFairLog()
		for line := range bytes.Lines(data[:bytes.LastIndexByte(data, '\n')+1]) {
			if _, _, err := log.read(string(line)); err != nil {
				panic(err)
			}
			if len(log.running) >= fairCrowd {
				return
			}
		}
	}
}

// fairMachine is a machine of a process.
type fairMachine struct{ pid, number int }

// fairLog follows the log of all processes.
type fairLog struct {
	running map[fairMachine]bool
	dead    map[int]bool // processes
}

func newFairLog() *fairLog {
	return &fairLog{running: map[fairMachine]bool{}, dead: map[int]bool{}}
}

// read takes a line. What a process wrote after it was killed is "".
func (l *fairLog) read(line string) (m fairMachine, what string, err error) {
	if _, err := fmt.Sscan(line, &m.pid, &what, &m.number); err != nil {
		return m, "", err
	}
	if l.dead[m.pid] {
		return m, "", nil
	}
	switch what {
	case "runs":
		l.running[m] = true
	case "ends":
		delete(l.running, m)
	case "dies":
		l.dead[m.pid] = true
		maps.DeleteFunc(l.running, func(other fairMachine, _ bool) bool { return other.pid == m.pid })
	}
	return m, what, nil
}

// Eight test processes start a hundred machines of 512 MiB on a budget of two
// cores and 4 GiB. The budget is never exceeded and every machine gets its turn,
// also when processes are killed at random, whose machines others start again.
//
// How many overtook one is only told: a process may lose the processor between
// its line in the log and its place in the queue. From there on the order is
// strict, see TestLargeRequestIsNotOvertaken.
func TestHundredMachinesOfEightProcesses(t *testing.T) {
	for _, kills := range []int{0, 20} {
		t.Run(strconv.Itoa(kills)+" kills", func(t *testing.T) {
			t.Parallel()
			p := testPool(t)
			require.NoError(t, os.WriteFile(p.Dir+".log", nil, 0o600))
			start := func(number int) *exec.Cmd {
				cmd := child(t, p, "machines")
				cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%d %d", machinesEnv,
					number*fairMachines/fairProcesses, (number+1)*fairMachines/fairProcesses))
				require.NoError(t, cmd.Start())
				return cmd
			}
			var processes [fairProcesses]*exec.Cmd
			for i := range processes {
				processes[i] = start(i)
			}
			for range kills {
				time.Sleep(rand.N(20 * time.Millisecond))
				i := rand.N(fairProcesses)
				// What it holds does not count from here on.
				appendLine(t, p, fmt.Sprintln(processes[i].Process.Pid, "dies", 0))
				_ = processes[i].Process.Kill()
				_ = processes[i].Wait()
				processes[i] = start(i)
			}
			for _, cmd := range processes {
				require.NoError(t, cmd.Wait())
			}
			checkFairness(t, p)
			assert.Zero(t, count(t, p, stateRunning)+count(t, p, stateWaiting))
		})
	}
}

func appendLine(t *testing.T, p *Pool, line string) {
	t.Helper()
	log, err := os.OpenFile(p.Dir+".log", os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	_, err = log.WriteString(line)
	require.NoError(t, err)
	require.NoError(t, log.Close())
}

// checkFairness reads the log of all processes.
func checkFairness(t *testing.T, p *Pool) {
	t.Helper()
	data, err := os.ReadFile(p.Dir + ".log")
	require.NoError(t, err)
	asked := map[fairMachine]int{} // those that wait, and how often others overtook them
	order := map[fairMachine]int{} // by the time of asking
	started := map[int]bool{}
	log := newFairLog()
	mostOvertaken, mostRunning := 0, 0
	for n, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		m, what, err := log.read(line)
		require.NoError(t, err)
		switch what {
		case "asks":
			asked[m], order[m] = 0, n
		case "runs":
			mostOvertaken = max(mostOvertaken, asked[m])
			delete(asked, m)
			for other := range asked {
				if order[other] < order[m] {
					asked[other]++
				}
			}
			started[m.number] = true
			var used load
			for other := range log.running {
				used = used.plus(fairWeight(other.number).load())
			}
			require.LessOrEqual(t, used.memory, p.Budget.Memory)
			require.LessOrEqual(t, used.milliCores, int64(p.Budget.Cores*1000))
			mostRunning = max(mostRunning, len(log.running))
		case "dies":
			maps.DeleteFunc(asked, func(other fairMachine, _ int) bool { return other.pid == m.pid })
		}
	}
	assert.Len(t, started, fairMachines, "every machine gets its turn")
	assert.Empty(t, asked)
	assert.Greater(t, mostRunning, 4, "the memory is for eight at once")
	t.Logf("at most %d machines at once, at most %d overtook one", mostRunning, mostOvertaken)
}
