//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/tuxrun"
)

var (
	tuxrunKernel = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/x86_64/bzImage",
		"f57bfc6553bcd6e0a54aab86095bf642b33b5571d14e3af1731b18c87ed5aef8")
	tuxrunRootFS = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/x86_64/rootfs.ext4.zst",
		"4b8b2a99117519c5290e1202cb36eb6c7aaba92b357b5160f5970cf5fb78a751")
)

func TestX86TuxRun(t *testing.T) {
	q := qemutest.New(t, "x86_64",
		qemutest.Machine("q35"),
		qemutest.CPU("Nehalem"),
		tuxrun.Timeout,
		qemutest.Assets(tuxrunKernel, tuxrunRootFS))

	tuxrun.Guest{
		Kernel: tuxrunKernel,
		RootFS: tuxrunRootFS,
		Root:   "sda",
		Disk:   "ide-hd,bus=ide.0,unit=0",
	}.Run(q)
}
