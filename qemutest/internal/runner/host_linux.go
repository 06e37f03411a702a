package runner

import (
	"bytes"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// look returns the name of a process's program and its parent.
func look(pid int) (name string, parent int, ok bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0, false
	}
	// PID (name) state parent …; the name may have parentheses and spaces.
	start, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if start < 0 || end < start {
		return "", 0, false
	}
	var state string
	if _, err := fmt.Sscan(string(stat[end+1:]), &state, &parent); err != nil {
		return "", 0, false
	}
	return string(stat[start+1 : end]), parent, state != "Z"
}

// A watch waits for the end of processes: the descriptor of a process, a pidfd,
// becomes readable then.
type watch struct {
	pids []int
	fds  []unix.PollFd
}

func newWatch() (*watch, error) { return new(watch), nil }

func (w *watch) add(pid int) (ended bool, err error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err == unix.ESRCH {
		return true, nil
	}
	if err != nil {
		return false, os.NewSyscallError("pidfd_open", err)
	}
	w.pids = append(w.pids, pid)
	w.fds = append(w.fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	return false, nil
}

func (w *watch) wait() (pid int, err error) {
	for {
		_, err := unix.Poll(w.fds, -1)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return 0, os.NewSyscallError("poll", err)
		}
		for i, fd := range w.fds {
			if fd.Revents != 0 {
				return w.pids[i], nil
			}
		}
	}
}
