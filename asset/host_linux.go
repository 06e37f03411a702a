package asset

import (
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// identityOf returns the identity of a file from its stat.
func identityOf(fi fs.FileInfo) identity {
	st := fi.Sys().(*syscall.Stat_t)
	return identity{size: st.Size, inode: st.Ino, mtime: st.Mtim.Nano(), ctime: st.Ctim.Nano()}
}

// hasNoWriter reports whether it is certain that no process on this host has the file open for writing: the kernel grants
// a read lease (fcntl(2), F_SETLEASE) only then. It refuses one also on file systems without leases and to other users,
// so false means nothing.
func hasNoWriter(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK); err != nil {
		return false
	}
	_, err = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_UNLCK)
	return err == nil
}

// bootID names this boot of the host.
func bootID() (string, error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id)), err
}

// lookupProcess reads /proc/<pid>/stat, see proc(5).
func lookupProcess(pid int) (process, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, err
	}
	return parseProcStat(string(stat))
}

// parseProcStat takes the name, the parent (field 4) and the start time (field 22) from a line of /proc/<pid>/stat. The
// name is in parentheses and may itself contain spaces and parentheses.
func parseProcStat(stat string) (process, error) {
	start, end := strings.IndexByte(stat, '('), strings.LastIndexByte(stat, ')')
	if start < 0 || end < start {
		return process{}, fmt.Errorf("process status %q has no name in parentheses", stat)
	}
	fields := strings.Fields(stat[end+1:]) // from field 3 on
	if len(fields) < 20 {
		return process{}, fmt.Errorf("process status %q has %d fields after the name; at least 20 expected", stat, len(fields))
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return process{}, fmt.Errorf("process status %q: parent: %w", stat, err)
	}
	return process{name: stat[start+1 : end], parent: parent, start: fields[19]}, nil
}
