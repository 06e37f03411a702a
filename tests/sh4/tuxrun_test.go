//go:build !qemu_select || qemu_sh4

package sh4

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/tuxrun"
)

var (
	tuxrunKernel = asset.New(
		"https://storage.tuxboot.com/20230331/sh4/zImage",
		"29d9b2aba604a0f53a5dc3b5d0f2b8e35d497de1129f8ee5139eb6fdf0db692f")
	tuxrunRootFS = asset.New(
		"https://storage.tuxboot.com/20230331/sh4/rootfs.ext4.zst",
		"3592a7a3d5a641e8b9821449e77bc43c9904a56c30d45da0694349cfd86743fd")
)

func TestSH4TuxRun(t *testing.T) {
	q := qemutest.New(t, "sh4",
		qemutest.Machine("r2d"),
		qemutest.CPU("sh7785"),
		tuxrun.Timeout,
		qemutest.Assets(tuxrunKernel, tuxrunRootFS))

	tuxrun.Guest{
		Kernel:   tuxrunKernel,
		RootFS:   tuxrunRootFS,
		Console:  "ttySC1",
		Port:     1,
		Root:     "sda",
		Disk:     "ide-hd,bus=ide.0,unit=0",
		Unstable: true,
	}.Run(q)
}
