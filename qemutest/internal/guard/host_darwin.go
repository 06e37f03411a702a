package guard

import (
	"os/exec"
	"syscall"
	"unsafe"
)

// startWatched starts cmd. macOS has no parent death signal; the shell of the
// package is the only watcher.
func startWatched(cmd *exec.Cmd) error { return cmd.Start() }

// awaitEnd waits until a child has ended, without reaping it. The os package
// waits in the same way; no package exports it for macOS.
func awaitEnd(pid int) {
	const byPID = 1       // P_PID
	var siginfo [128]byte // siginfo_t has 104
	for {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, byPID, uintptr(pid),
			uintptr(unsafe.Pointer(&siginfo)), syscall.WEXITED|syscall.WNOWAIT, 0, 0)
		if errno != syscall.EINTR {
			return
		}
	}
}
