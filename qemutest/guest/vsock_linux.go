package guest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// dialVsock connects to a port of a guest.
func dialVsock(ctx context.Context, cid, port uint32) (io.ReadWriteCloser, error) {
	fd, err := unix.Socket(unix.AF_VSOCK, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("opening a vsock: %w (%w)", err, errors.ErrUnsupported)
	}
	err = unix.Connect(fd, &unix.SockaddrVM{CID: cid, Port: port})
	conn := os.NewFile(uintptr(fd), fmt.Sprintf("vsock:%d:%d", cid, port))
	if err == unix.EINPROGRESS {
		err = waitConnected(ctx, conn)
	}
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("connecting to %s: %w", conn.Name(), err)
	}
	return conn, nil
}

// waitConnected waits for the end of a connect(2).
func waitConnected(ctx context.Context, conn *os.File) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	var failure error
	err = raw.Write(func(fd uintptr) (done bool) {
		number, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
		if err == nil && number != 0 {
			err = unix.Errno(number)
		}
		if failure = err; failure != nil {
			return true
		}
		_, err = unix.Getpeername(int(fd))
		return err == nil
	})
	return errors.Join(err, failure)
}
