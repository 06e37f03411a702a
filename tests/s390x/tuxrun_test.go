//go:build !qemu_select || qemu_s390x

package s390x

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/tuxrun"
)

var (
	tuxrunKernel = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/s390/bzImage",
		"ee67e91db52a2aed104a7c72b2a08987c678f8179c029626789c35d6dd0fedf1")
	tuxrunRootFS = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/s390/rootfs.ext4.zst",
		"bff7971fc2fef56372d98afe4557b82fd0a785a241e44c29b058e577ad1bbb44")
)

func TestS390XTuxRun(t *testing.T) {
	q := qemutest.New(t, "s390x",
		qemutest.Machine("s390-ccw-virtio"),
		tuxrun.Timeout,
		qemutest.Assets(tuxrunKernel, tuxrunRootFS))

	tuxrun.Guest{
		Kernel: tuxrunKernel,
		RootFS: tuxrunRootFS,
		Disk:   "virtio-blk-ccw",
		Halted: "Requesting system halt",
	}.Run(q)
}
