//go:build linux

package agent

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/qemutest/functional/qemutest/guest/internal/wire"
	"golang.org/x/sys/unix"
)

// Main is the agent; it does not return. As the first process of the system it
// prepares that first, see the documentation of the package.
//
// The channel is what [ChannelParameter] on the kernel's command line says:
// "virtio" for the port [PortName], "vsock" for [VsockPort], "console" for the
// console of the kernel, or the path of a terminal such as "/dev/ttyS1". Without
// it, the port is used if the machine has one, else vsock if it has that, and
// else the console.
func Main() {
	runFunction()
	runApplet()
	first := os.Getpid() == 1
	c := new(children)
	if first {
		if err := prepare(); err != nil {
			complain(err)
		}
		c.reap()
	}
	err := answer(c)
	complain(fmt.Errorf("expected the host to keep the channel open: %w", err))
	if first {
		// The end of this process would be a panic.
		err := unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
		complain(fmt.Errorf("powering off: %w", err))
	}
	os.Exit(1)
}

// Serve answers on a connection that carries nothing else, until it or ctx
// ends, for programs that are not the first of their system.
func Serve(ctx context.Context, conn io.ReadWriteCloser) error {
	return newServer(new(children), "").serve(ctx, conn, wire.Binary)
}

// ServeTerminal is [Serve] on a connection that text of others may be on, such
// as a terminal that passes all bytes on.
func ServeTerminal(ctx context.Context, conn io.ReadWriteCloser) error {
	return newServer(new(children), "").serve(ctx, conn, wire.Console)
}

// answer opens the channel and answers on it until it ends.
func answer(c *children) error {
	commandLine, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return err
	}
	channel, err := openChannel(string(commandLine))
	if err != nil {
		return err
	}
	return channel.serve(context.Background(), c)
}
