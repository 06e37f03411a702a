//go:build linux

package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/qemutest/functional/qemutest/guest/internal/wire"
	"golang.org/x/sys/unix"
)

// portTime is how long the port may take to appear once the driver of the
// virtio-serial device has found that. The device names its ports by itself,
// soon after.
const portTime = 10 * time.Second

// channel is what the agent answers on.
type channel struct {
	name string
	form wire.Form
	// next returns the connection to answer on, and another one when that has
	// ended, or why there is none.
	next func() (io.ReadWriteCloser, error)
}

// fileChannel is a channel of one connection, which ought not to end.
func fileChannel(name string, form wire.Form, file *os.File) channel {
	used := false
	return channel{name, form, func() (io.ReadWriteCloser, error) {
		if used {
			return nil, errors.New("it ended")
		}
		used = true
		return file, nil
	}}
}

// openChannel opens the channel that the kernel's command line names, or the
// best that there is.
func openChannel(commandLine string) (channel, error) {
	name := parameter(commandLine, ChannelParameter)
	if name == "" || name == "virtio" {
		port, err := findPort(name != "")
		if err != nil {
			return channel{}, err
		}
		if port != "" {
			file, err := os.OpenFile(port, os.O_RDWR, 0)
			return fileChannel(port, wire.Binary, file), err
		}
	}
	if name == "vsock" || name == "" && hasVsock() {
		return listenVsock()
	}
	if name == "" || name == "console" {
		name = "/dev/console"
	}
	file, err := openTerminal(name)
	return fileChannel(name, wire.Console, file), err
}

// parameter returns the value of a parameter on the kernel's command line.
func parameter(commandLine, name string) string {
	for word := range strings.FieldsSeq(commandLine) {
		if value, found := strings.CutPrefix(word, name+"="); found {
			return value
		}
	}
	return ""
}

// findPort returns the device of the virtio-serial port, "" if there is none.
// It waits for it if the machine has a virtio-serial device, or if it must be
// there.
func findPort(must bool) (string, error) {
	events, err := openEvents()
	if err == nil {
		defer events.Close()
		_ = events.SetReadDeadline(time.Now().Add(portTime))
	}
	for {
		if port := portDevice(); port != "" {
			return port, nil
		}
		bound, _ := filepath.Glob("/sys/bus/virtio/drivers/virtio_console/virtio*")
		if len(bound) == 0 && !must || events == nil {
			return "", nil
		}
		if _, err := events.Read(make([]byte, 8192)); errors.Is(err, os.ErrDeadlineExceeded) {
			if must {
				return "", fmt.Errorf("expected a virtio-serial port named %s, none appeared in %v", PortName, portTime)
			}
			return "", nil
		}
	}
}

// portDevice returns the device of the port if there is one now.
func portDevice() string {
	names, _ := filepath.Glob("/sys/class/virtio-ports/*/name")
	for _, file := range names {
		name, _ := os.ReadFile(file)
		device := "/dev/" + filepath.Base(filepath.Dir(file))
		if _, err := os.Stat(device); err == nil && strings.TrimSpace(string(name)) == PortName {
			return device
		}
	}
	return ""
}

// openEvents opens the kernel's messages about devices that appear.
func openEvents() (*os.File, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return nil, err
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1}); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "uevents"), nil
}

// openTerminal opens a terminal and makes it pass all bytes on: nothing that
// arrives is echoed, edited or taken for a key. Output stays as it is, for the
// text of others.
func openTerminal(name string) (*os.File, error) {
	file, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	t, err := unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS)
	if err != nil {
		return file, nil // a console that is no terminal
	}
	t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON | unix.IXOFF
	t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	t.Cflag &^= unix.CSIZE | unix.PARENB
	t.Cflag |= unix.CS8 | unix.CREAD | unix.CLOCAL
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(int(file.Fd()), unix.TCSETS, t); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("setting up %s: %w", name, err)
	}
	return file, nil
}

// serve answers on the channel until that ends, and returns why it did.
func (c channel) serve(ctx context.Context, processes *children) error {
	for {
		conn, err := c.next()
		if err != nil {
			return err
		}
		if err := newServer(processes, c.name).serve(ctx, conn, c.form); err != nil {
			return err
		}
	}
}
