//go:build !qemu_select || qemu_m68k

package m68k

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/tuxrun"
)

var (
	tuxrunKernel = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/m68k/vmlinux",
		"7754e1d5cec753ccf1dc6894729a7f54c1a4965631ebf56df8e4ce1163ad19d8")
	tuxrunRootFS = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/m68k/rootfs.ext4.zst",
		"557962ffff265607912e82232cf21adbe0e4e5a88e1e1d411ce848c37f0213e9")
)

func TestM68kTuxRun(t *testing.T) {
	q := qemutest.New(t, "m68k",
		qemutest.Machine("virt"),
		qemutest.CPU("m68040"),
		tuxrun.Timeout,
		qemutest.Assets(tuxrunKernel, tuxrunRootFS))

	tuxrun.Guest{
		Kernel:   tuxrunKernel,
		RootFS:   tuxrunRootFS,
		Disk:     "virtio-blk-device",
		TurnsOff: true,
	}.Run(q)
}
