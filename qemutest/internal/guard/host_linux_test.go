package guard

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The parent death signal comes when the thread that forked ends. Here the
// thread that calls Start does, right afterwards.
func TestCommandOutlivesTheThreadOfItsCaller(t *testing.T) {
	t.Parallel()
	input, held, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = held.Close() })
	cmd := shellCommand("read line; exit 5")
	cmd.Stdin = input

	var p *Process
	thread := onDyingThread(func() { p, err = Start(cmd) })
	require.NoError(t, err)
	task := fmt.Sprintf("/proc/self/task/%d", thread)
	require.Eventually(t, func() bool {
		_, err := os.Stat(task)
		return os.IsNotExist(err)
	}, soon, time.Millisecond)

	_, err = held.WriteString("\n")
	require.NoError(t, err)
	status, err := p.Wait()
	require.NoError(t, err)
	assert.Equal(t, 5, status.ExitStatus(), "the kernel killed the command")
}

// onDyingThread calls f on a thread that ends afterwards, and returns its id.
func onDyingThread(f func()) int {
	id := make(chan int)
	go func() {
		runtime.LockOSThread() // and not unlocked: the thread ends with the goroutine
		if unix.Gettid() == unix.Getpid() {
			id <- onDyingThread(f) // the first thread of a process never ends
			return
		}
		f()
		id <- unix.Gettid()
	}()
	return <-id
}
