package pool

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// totalMemory returns the host's memory in bytes, 0 if unknown.
func totalMemory() int64 {
	size, err := unix.SysctlUint64("hw.memsize")
	if err != nil {
		return 0
	}
	return int64(size)
}

// availableMemory is unknown: macOS compresses and swaps before it runs out,
// and has no counterpart of Linux' MemAvailable.
func availableMemory() int64 { return 0 }

func usableCores() float64 { return float64(runtime.NumCPU()) }

// sharedDirs is empty: on macOS, [os.TempDir] is a directory of the user's own.
func sharedDirs() []string { return nil }

// prepareReader makes fd, the read end of a FIFO, fit for a blocking read.
// kqueue does not report that the last writer of a FIFO is gone
// (https://go.dev/issue/24164), a read in blocking mode does. It occupies a
// thread, and a waiter that gives up leaves it behind until the writer ends.
func prepareReader(fd int) error { return unix.SetNonblock(fd, false) }
