//go:build !qemu_select || qemu_i386

package i386

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/tuxrun"
)

var (
	tuxrunKernel = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/i386/bzImage",
		"47fb44e38e34101eb0f71a2a01742b959d40ed5fd67cefb5608a39be11d3b74e")
	tuxrunRootFS = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/i386/rootfs.ext4.zst",
		"a1a3b3b4c9dccd6475b58db95c107b468b736b700f6620985a8ed050a73d51c8")
)

func TestI386TuxRun(t *testing.T) {
	q := qemutest.New(t, "i386",
		qemutest.Machine("q35"),
		qemutest.CPU("coreduo"),
		tuxrun.Timeout,
		qemutest.Assets(tuxrunKernel, tuxrunRootFS))

	tuxrun.Guest{
		Kernel: tuxrunKernel,
		RootFS: tuxrunRootFS,
		Disk:   "virtio-blk-pci",
	}.Run(q)
}
