package runner

import (
	"os"

	"golang.org/x/sys/unix"
)

// zombie is the state of a process that has ended, SZOMB of sys/proc.h.
const zombie = 5

// look returns the name of a process's program and its parent.
func look(pid int) (name string, parent int, ok bool) {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || int(info.Proc.P_pid) != pid {
		return "", 0, false
	}
	return unix.ByteSliceToString(info.Proc.P_comm[:]), int(info.Eproc.Ppid), info.Proc.P_stat != zombie
}

// A watch waits for the end of processes with a kqueue.
type watch struct{ queue int }

func newWatch() (*watch, error) {
	queue, err := unix.Kqueue()
	if err != nil {
		return nil, os.NewSyscallError("kqueue", err)
	}
	unix.CloseOnExec(queue)
	return &watch{queue}, nil
}

func (w *watch) add(pid int) (ended bool, err error) {
	event := unix.Kevent_t{Fflags: unix.NOTE_EXIT}
	unix.SetKevent(&event, pid, unix.EVFILT_PROC, unix.EV_ADD)
	switch _, err := unix.Kevent(w.queue, []unix.Kevent_t{event}, nil, nil); err {
	case nil:
		return false, nil
	case unix.ESRCH:
		return true, nil
	default:
		return false, os.NewSyscallError("kevent", err)
	}
}

func (w *watch) wait() (pid int, err error) {
	events := make([]unix.Kevent_t, 1)
	for {
		n, err := unix.Kevent(w.queue, nil, events, nil)
		if n == 1 {
			return int(events[0].Ident), nil
		}
		if err != nil && err != unix.EINTR {
			return 0, os.NewSyscallError("kevent", err)
		}
	}
}
