//go:build !qemu_select || qemu_mips

package mips

import (
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/recordreplay"
)

func TestMIPSMaltaReplay(t *testing.T) {
	q := qemutest.New(t, "mips",
		qemutest.Machine("malta"),
		qemutest.Accel("tcg"),
		qemutest.Flaky("https://gitlab.com/qemu-project/qemu/-/issues/2013"),
		qemutest.Timeout(3*time.Minute),
		qemutest.Assets(maltaLinux26))

	boot := linux.Boot{Kernel: q.ExtractMember(maltaLinux26, "boot/vmlinux-2.6.32-5-4kc-malta"), Append: "console=ttyS0"}
	recordreplay.Guest{
		Boot:   boot,
		Shift:  5,
		Until:  "Kernel command line: " + boot.CommandLine(),
		Panics: true,
	}.Check(q)
}

func TestMIPSMaltaInitrdReplay(t *testing.T) {
	q := qemutest.New(t, "mips",
		qemutest.Machine("malta"),
		qemutest.Accel("tcg"),
		qemutest.Slow(),
		qemutest.Timeout(8*time.Minute),
		qemutest.Assets(maltaLinux45, maltaInitrd))

	recordreplay.Guest{
		Boot: linux.Boot{
			Kernel: q.ExtractMember(maltaLinux45, "boot/vmlinux-4.5.0-2-4kc-malta"),
			Initrd: q.Decompress(maltaInitrd),
			Append: "console=ttyS0 console=tty rdinit=/sbin/init noreboot",
		},
		Shift: 5,
		Until: "Boot successful.",
	}.Check(q)
}
