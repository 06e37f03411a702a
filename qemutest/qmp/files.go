package qmp

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// maxFiles is TCP_MAX_FDS of QEMU's chardev/char-socket.c.
const maxFiles = 16

// descriptors are a call's own duplicates of the caller's files, so that the
// caller may close its files while the command still waits to be sent. They
// are bare numbers because [os.File.Fd] would make the open file blocking, and
// duplicates share that with the original.
type descriptors []int

// duplicate returns descriptors of files.
func (c *Client) duplicate(files []*os.File) (descriptors, error) {
	if _, ok := c.conn.(*net.UnixConn); !ok {
		return nil, errors.New("files can only be passed over a unix socket")
	}
	if len(files) == 0 || len(files) > maxFiles {
		return nil, fmt.Errorf("expected 1 to %d files", maxFiles)
	}
	var fds descriptors
	for _, f := range files {
		fd, err := duplicateFile(f)
		if err != nil {
			fds.close()
			return nil, fmt.Errorf("duplicate %s: %w", f.Name(), err)
		}
		fds = append(fds, fd)
	}
	return fds, nil
}

func duplicateFile(f *os.File) (fd int, err error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	controlErr := conn.Control(func(old uintptr) {
		fd, err = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0)
	})
	return fd, errors.Join(controlErr, err)
}

// send sends the descriptors with the beginning of wire, and returns how much
// of it was sent.
func (fds descriptors) send(conn *net.UnixConn, wire []byte) (int, error) {
	n, _, err := conn.WriteMsgUnix(wire, unix.UnixRights(fds...), nil)
	return n, err
}

func (fds descriptors) close() {
	for _, fd := range fds {
		unix.Close(fd)
	}
}
