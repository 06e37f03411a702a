//go:build !qemu_select || qemu_mips64el

package mips64el

import (
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/recordreplay"
)

func TestMIPS64ELMaltaReplay(t *testing.T) {
	q := qemutest.New(t, "mips64el",
		qemutest.Machine("malta"),
		qemutest.Accel("tcg"),
		qemutest.Flaky("https://gitlab.com/qemu-project/qemu/-/issues/2013"),
		qemutest.Timeout(3*time.Minute),
		qemutest.Assets(maltaLinux26))

	boot := linux.Boot{Kernel: q.ExtractMember(maltaLinux26, "boot/vmlinux-2.6.32-5-5kc-malta"), Append: "console=ttyS0"}
	recordreplay.Guest{
		Boot:   boot,
		Shift:  5,
		Until:  "Kernel command line: " + boot.CommandLine(),
		Panics: true,
	}.Check(q)
}

func TestMIPS64ELMalta5KEcReplay(t *testing.T) {
	q := qemutest.New(t, "mips64el",
		qemutest.Machine("malta"),
		qemutest.CPU("5KEc"),
		qemutest.Accel("tcg"),
		qemutest.Untrusted(),
		qemutest.Flaky("https://gitlab.com/qemu-project/qemu/-/issues/2013"),
		qemutest.Timeout(8*time.Minute),
		qemutest.Assets(maltaLinux319, maltaInitrd))

	recordreplay.Guest{
		Boot: linux.Boot{
			Kernel: q.Fetch(maltaLinux319),
			Initrd: q.Decompress(maltaInitrd),
			Append: "console=ttyS0 console=tty rdinit=/sbin/init noreboot",
		},
		Shift: 5,
		Until: "Boot successful.",
	}.Check(q)
}
