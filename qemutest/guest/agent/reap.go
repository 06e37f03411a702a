//go:build linux

package agent

import (
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// children are the processes that somebody waits for. The first process of a
// system is the parent of all orphans as well, and has to reap those; it must
// not take the status of a child from the one who waits for it.
type children struct {
	mu     sync.Mutex
	own    map[int]bool
	ripe   chan struct{} // holds a token when there may be an orphan to reap
	reaper bool
}

// reap reaps orphans from now on.
func (c *children) reap() {
	c.ripe = make(chan struct{}, 1)
	c.own = make(map[int]bool)
	c.reaper = true
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGCHLD)
	go func() {
		for {
			select {
			case <-signals:
			case <-c.ripe:
			}
			for c.reapOne() {
			}
		}
	}()
}

// reapOne reaps an orphan that has ended. It stops at a child that somebody
// waits for; forget continues from there.
func (c *children) reapOne() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	var info unix.Siginfo
	err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	pid := childOf(&info)
	if err != nil || pid == 0 || c.own[pid] {
		return false
	}
	_, err = unix.Wait4(pid, nil, unix.WNOHANG, nil)
	return err == nil
}

// childOf returns si_pid, which package unix has no name for: the first field
// after three numbers of 32 bits, aligned as a pointer is.
func childOf(info *unix.Siginfo) int {
	const header = 3 * 4
	const align = unsafe.Sizeof(uintptr(0))
	return int(*(*int32)(unsafe.Add(unsafe.Pointer(info), (header+align-1)/align*align)))
}

// start starts a command that the caller waits for with wait.
func (c *children) start(cmd *exec.Cmd) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return err
	}
	if c.reaper {
		c.own[cmd.Process.Pid] = true
	}
	return nil
}

// wait waits for a command that start started.
func (c *children) wait(cmd *exec.Cmd) error {
	err := cmd.Wait()
	if c.reaper {
		c.mu.Lock()
		delete(c.own, cmd.Process.Pid)
		c.mu.Unlock()
		select {
		case c.ripe <- struct{}{}:
		default:
		}
	}
	return err
}
