package qemutest

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/qemutest/functional/qemutest/guest"
	"golang.org/x/crypto/ssh"
)

// UseShell makes the shell on this console what [VM.Guest] has things done by,
// and returns that: for guests that are not ours. The console has a POSIX shell
// at its prompt, or, with a login, asks for a user, now or when the guest has
// booted. See [guest.NewShell] for what the guest must have.
//
// Everything goes over the console, and is in its log. Nobody else should type
// on it meanwhile; [Guest.Close] leaves the shell as it was.
func (c *Console) UseShell(login guest.Login) *Guest {
	c.vm.test.t.Helper()
	transcript := c.transcript()
	from := transcript.Cursor()
	shown, show := io.Pipe()
	ctx := c.vm.test.ctx
	go func() { show.CloseWithError(transcript.Follow(ctx, from, show)) }()
	return c.vm.use(guest.NewShell(typewriter{shown, func(text string) error {
		return transcript.Send(ctx, text)
	}}, login))
}

// typewriter is a console as a connection: what it shows, and what types.
type typewriter struct {
	*io.PipeReader
	typed func(text string) error
}

func (t typewriter) Write(p []byte) (int, error) {
	if err := t.typed(string(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// UseSSH makes the SSH server on a port of the guest what [VM.Guest] has things
// done by, and returns that. QEMU's user network has to forward a port of the
// host to it; see [VM.HostForward]. The first call waits until the server is
// there. See [guest.NewSSH] for what the guest must have.
func (vm *VM) UseSSH(guestPort int, config *ssh.ClientConfig) *Guest {
	vm.test.t.Helper()
	address := fmt.Sprintf("127.0.0.1:%d", vm.HostForward(guestPort))
	return vm.use(guest.NewSSH(func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", address)
	}, config))
}

// use makes a guest the one of the machine.
func (vm *VM) use(remote *guest.Guest) *Guest {
	vm.guest = &Guest{vm: vm, remote: remote}
	return vm.guest
}
