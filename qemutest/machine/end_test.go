package machine

import (
	"context"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/console"
)

// soon is more than any wait of these tests needs.
const soon = 30 * time.Second

func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

func TestShutdownTakesTheStepsThatItNeeds(t *testing.T) {
	t.Parallel()
	const short = 100 * time.Millisecond
	for _, test := range []struct {
		scene  string
		limits Limits
		kind   Kind
		text   string
	}{
		{"well-behaved", Limits{}, Quit, "QEMU quit as asked over QMP"},
		{"ignores-quit", Limits{Quit: short}, TimedOut, "QEMU did not end within 100ms of QMP quit; SIGTERM ended it"},
		{"stuck", Limits{Quit: short}, TimedOut, "QEMU did not end within 100ms of QMP quit; SIGTERM ended it"},
		{
			"ignores-all", Limits{Quit: short, Terminate: short}, TimedOut,
			"QEMU did not end within 100ms of QMP quit nor end within 100ms of SIGTERM; SIGKILL ended it",
		},
		{"panics", Limits{}, GuestPanic, "the guest panicked (QMP event GUEST_PANICKED)"},
		{
			"aborts-on-quit", Limits{}, Aborted,
			"QEMU found something wrong with itself and aborted: fake: Assertion `bs' failed.",
		},
	} {
		t.Run(test.scene, func(t *testing.T) {
			t.Parallel()
			config := fakeConfig(t, test.scene)
			config.Limits = test.limits
			m, err := Launch(within(t, soon), config)
			require.NoError(t, err)
			if test.kind == GuestPanic {
				_, err := m.QMP().Execute(within(t, soon), "end", nil)
				require.NoError(t, err)
			}
			exit, err := m.Shutdown(within(t, soon))
			require.NoError(t, err)
			assert.Equal(t, test.kind, exit.Kind)
			assert.Equal(t, test.text, exit.String())
			assert.Equal(t, test.kind != Quit, exit.Err() != nil)
			assert.Equal(t, test.kind == TimedOut || test.kind == Aborted, exit.Died())
		})
	}
}

func TestShutdownKillsWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	m := launchFake(t, "ignores-all")
	exit, err := m.Shutdown(within(t, 100*time.Millisecond))
	require.NoError(t, err)
	assert.Equal(t, TimedOut, exit.Kind)
	assert.Equal(t, "QEMU did not end on QMP quit before the context ended (context deadline exceeded); SIGKILL ended it", exit.String())
}

func TestKill(t *testing.T) {
	t.Parallel()
	m := launchFake(t, "ignores-all")
	exit := m.Kill()
	assert.Equal(t, Killed, exit.Kind)
	assert.Equal(t, syscall.SIGKILL, exit.Signal)
	assert.Equal(t, -1, exit.Status)
	assert.NoError(t, exit.Err())
}

func TestManyMayEndAMachineAtOnce(t *testing.T) {
	t.Parallel()
	m := launchFake(t, "well-behaved")
	var callers sync.WaitGroup
	exits := make([]Exit, 12)
	for i := range exits {
		callers.Go(func() {
			if i%3 == 0 {
				exits[i], _ = m.Wait(context.Background())
				return
			}
			exits[i], _ = m.Shutdown(context.Background())
		})
	}
	callers.Wait()
	for _, exit := range exits {
		assert.Equal(t, Quit, exit.Kind)
	}
}

func TestWaitDoesNotEndTheMachine(t *testing.T) {
	t.Parallel()
	m := launchFake(t, "well-behaved")
	_, err := m.Wait(within(t, 50*time.Millisecond))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = m.QMP().Execute(within(t, soon), "anything", nil)
	assert.NoError(t, err)
}

func TestWaitTellsTheEndEvenIfItsContextEndedToo(t *testing.T) {
	t.Parallel()
	m := launchFake(t, "well-behaved")
	m.Kill()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for range 64 { // a select between the two takes either
		exit, err := m.Wait(ended)
		require.NoError(t, err)
		require.Equal(t, Killed, exit.Kind)
	}
}

func TestNothingOfTheLastWordsIsLost(t *testing.T) {
	t.Parallel()
	m := launchFake(t, "floods")
	_, _ = m.QMP().Execute(within(t, soon), "end", nil)
	<-m.Done()
	log, err := os.ReadFile(m.Logs()[0])
	require.NoError(t, err)
	assert.Len(t, log, 16<<20+len("last words\n"))
	assert.True(t, strings.HasSuffix(string(log), "last words\n"))
	_, err = m.Console(0).Wait(within(t, soon), console.Wait{Success: []console.Pattern{console.Text("last words")}})
	require.NoError(t, err)

	output := m.Output()
	assert.LessOrEqual(t, len(output), tailSize+100)
	assert.True(t, strings.HasSuffix(output, "\nfake: bye\n"))
	assert.True(t, strings.HasPrefix(output, "[983056 bytes before this]\n0123456789abcde\n"), output[:64])
}

// A call in flight says how QEMU ended, not that a connection did.
func TestALostMonitorSaysHowQEMUEnded(t *testing.T) {
	t.Parallel()
	m := launchFake(t, "ignores-all")
	_, err := m.QMP().Execute(within(t, soon), "quit", nil)
	require.NoError(t, err)
	go m.Kill()
	_, err = m.QMP().Execute(within(t, soon), "query-status", nil)
	assert.ErrorContains(t, err, "QEMU was killed, as asked")
}

func TestWithoutAMonitor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		script string
		end    func(*Machine)
		text   string
		err    bool
	}{
		{"exit 0", nil, "QEMU exited by itself with status 0; there was no monitor to say why", false},
		{"echo no >&2; exit 1", nil, "QEMU exited by itself with status 1; there was no monitor to say why: no", true},
		{"kill -ABRT $$", nil, "QEMU was killed by SIGABRT, which this process did not send", true},
		{"exec sleep 1000", func(m *Machine) { _, _ = m.Shutdown(context.Background()) }, "QEMU ended on SIGTERM, as asked", false},
		{"exec sleep 1000", func(m *Machine) { m.Kill() }, "QEMU was killed, as asked", false},
		{
			// What a real QEMU does on a signal.
			"echo 'qemu: terminating on signal 2 from pid 1 (x)'; exit 0", nil,
			"QEMU ended on SIGINT, which this process did not send: qemu: terminating on signal 2 from pid 1 (x)", true,
		},
	} {
		m, err := Launch(within(t, soon), Config{
			Binary: "qemu", Wrapper: []string{"/bin/sh", "-c", test.script}, NoMonitor: true, NoConsole: true,
		})
		require.NoError(t, err)
		assert.Nil(t, m.QMP())
		assert.Empty(t, m.Consoles())
		if test.end != nil {
			test.end(m)
		}
		exit, err := m.Wait(within(t, soon))
		require.NoError(t, err)
		assert.Equal(t, test.text, exit.String())
		assert.Equal(t, test.err, exit.Err() != nil, test.script)
	}
}
