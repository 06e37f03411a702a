//go:build !qemu_select || qemu_ppc

package ppc

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/tuxrun"
)

var (
	tuxrunKernel = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/ppc32/uImage",
		"aa5d81deabdb255a318c4bc5ffd6fdd2b5da1ef39f1955dcc35b671d258b68e9")
	tuxrunRootFS = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/ppc32/rootfs.ext4.zst",
		"67554f830269d6bf53b67c7dd206bcc821e463993d526b1644066fea8117019b")
)

func TestPPCTuxRun(t *testing.T) {
	q := qemutest.New(t, "ppc",
		qemutest.Machine("ppce500"),
		qemutest.CPU("e500mc"),
		tuxrun.Timeout,
		qemutest.Assets(tuxrunKernel, tuxrunRootFS))

	tuxrun.Guest{
		Kernel: tuxrunKernel,
		RootFS: tuxrunRootFS,
		Disk:   "virtio-blk-pci",
	}.Run(q)
}
