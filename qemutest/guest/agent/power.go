//go:build linux

package agent

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/qemutest/functional/qemutest/guest/internal/wire"
	"golang.org/x/sys/unix"
)

// answerTime is how long the end of the guest waits for the host to have the
// answer to its request.
const answerTime = 2 * time.Second

// afterwards does what a request asks for that ends the guest.
func (s *server) afterwards(r wire.Request) {
	end, found := map[wire.Op]func() error{
		wire.Reboot:   func() error { return unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART) },
		wire.PowerOff: func() error { return unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF) },
		wire.Panic:    crash,
	}[r.Op]
	if !found {
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, answerTime)
	defer cancel()
	_ = s.link.Flush(ctx) // the host sees the end of the guest, too
	unix.Sync()
	if err := end(); err != nil {
		complain(fmt.Errorf("expected the request %q to end the guest: %w", r.Op, err))
	}
}

// crash makes the kernel panic.
func crash() error {
	_ = os.WriteFile("/proc/sys/kernel/sysrq", []byte("1"), 0)
	if err := os.WriteFile("/proc/sysrq-trigger", []byte("c"), 0); err != nil && os.Getpid() != 1 {
		return err
	}
	os.Exit(1) // a kernel without SysRq panics when its first process ends
	return nil
}
