package asset

import (
	"fmt"
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

// identityOf returns the identity of a file from its stat.
func identityOf(fi fs.FileInfo) identity {
	st := fi.Sys().(*syscall.Stat_t)
	return identity{size: st.Size, inode: st.Ino, mtime: st.Mtimespec.Nano(), ctime: st.Ctimespec.Nano()}
}

// hasNoWriter reports whether it is certain that no process has the file open for writing. macOS does not tell.
func hasNoWriter(string) bool { return false }

// bootID names this boot of the host.
func bootID() (string, error) {
	return unix.Sysctl("kern.bootsessionuuid")
}

// lookupProcess asks the kernel for one entry of the process table, see sysctl(3), KERN_PROC.
func lookupProcess(pid int) (process, error) {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return process{}, err
	}
	start := info.Proc.P_starttime
	return process{
		name:   unix.ByteSliceToString(info.Proc.P_comm[:]),
		parent: int(info.Eproc.Ppid),
		start:  fmt.Sprintf("%d.%06d", start.Sec, start.Usec),
	}, nil
}
