package guard

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// startWatched starts cmd so that the kernel kills it when this process ends.
//
// The parent death signal comes when the *thread* that forked ends, not the
// process, and the Go runtime ends threads when it likes (golang/go#27505). So
// all commands are started by one goroutine that keeps its thread for good.
func startWatched(cmd *exec.Cmd) error {
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	result := make(chan error, 1)
	forker() <- func() { result <- cmd.Start() }
	return <-result
}

// forker returns the way to the goroutine that starts commands.
var forker = sync.OnceValue(func() chan<- func() {
	requests := make(chan func())
	go func() {
		runtime.LockOSThread()
		for request := range requests {
			request()
		}
	}()
	return requests
})

// awaitEnd waits until a child has ended, without reaping it.
func awaitEnd(pid int) {
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}
