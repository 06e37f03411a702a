//go:build !qemu_select || qemu_m68k

package m68k

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var q800Kernel = asset.New(
	"https://snapshot.debian.org/archive/debian-ports/20191021T083923Z/pool-m68k/main/l/linux/kernel-image-5.3.0-1-m68k-di_5.3.7-1_m68k.udeb",
	"949e50d74d4b9bc15d26c06d402717b7a4c0e32ff8100014f5930d8024de7b73")

func TestM68kQ800(t *testing.T) {
	q := qemutest.New(t, "m68k",
		qemutest.Machine("q800"),
		qemutest.Assets(q800Kernel))

	boot := q800Boot(q)
	vm := boot.VM(q).ExpectConsole("Kernel panic - not syncing")
	vm.Launch()
	vm.WaitFor("Kernel command line: " + boot.CommandLine())
	vm.WaitFor("No filesystem could mount root")
}

// q800Boot returns the boot of a kernel without a root file system.
func q800Boot(q *qemutest.Test) linux.Boot {
	boot := linux.Boot{
		Kernel: q.ExtractMember(q800Kernel, "boot/vmlinux-5.3.0-1-m68k"),
		Append: "console=ttyS0 vga=off",
	}
	if q.Capabilities().Version.AtLeast(8, 2) {
		// Since then it has sound, for which the host may have no card.
		boot.Args = []string{"-audio", "none"}
	}
	return boot
}
