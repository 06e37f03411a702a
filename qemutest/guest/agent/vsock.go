//go:build linux

package agent

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/qemutest/functional/qemutest/guest/internal/wire"
	"golang.org/x/sys/unix"
)

// hasVsock reports whether the machine has a vsock device. That of vhost-vsock
// has no port, as a virtio-serial device has, that could appear later.
func hasVsock() bool {
	bound, _ := filepath.Glob("/sys/bus/virtio/drivers/vmw_vsock_virtio_transport/virtio*")
	return len(bound) > 0
}

// listenVsock waits for the host on [VsockPort]. A connection may end, when the
// program on the host does: then there can be another one.
func listenVsock() (channel, error) {
	fd, err := unix.Socket(unix.AF_VSOCK, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return channel{}, fmt.Errorf("opening a vsock: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrVM{CID: unix.VMADDR_CID_ANY, Port: VsockPort}); err != nil {
		return channel{}, fmt.Errorf("binding vsock port %d: %w", VsockPort, err)
	}
	if err := unix.Listen(fd, 1); err != nil {
		return channel{}, fmt.Errorf("listening on vsock port %d: %w", VsockPort, err)
	}
	name := fmt.Sprintf("vsock:%d", VsockPort)
	return channel{name, wire.Binary, func() (io.ReadWriteCloser, error) {
		for {
			conn, _, err := unix.Accept4(fd, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
			switch err {
			case nil:
				return os.NewFile(uintptr(conn), name), nil
			case unix.EINTR, unix.ECONNABORTED:
			default:
				return nil, fmt.Errorf("waiting for the host on vsock port %d: %w", VsockPort, err)
			}
		}
	}}, nil
}
