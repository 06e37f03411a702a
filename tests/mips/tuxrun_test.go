//go:build !qemu_select || qemu_mips

package mips

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/tuxrun"
)

var (
	tuxrunKernel = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/mips32/vmlinux",
		"b6f97fc698ae8c96456ad8c996c7454228074df0d7520dedd0a15e2913700a19")
	tuxrunRootFS = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/mips32/rootfs.ext4.zst",
		"87055cf3cbde3fd134e5039e7b87feb03231d8c4b21ee712b8ba3308dfa72f50")
)

func TestMIPSTuxRun(t *testing.T) {
	q := qemutest.New(t, "mips",
		qemutest.Machine("malta"),
		qemutest.CPU("mips32r6-generic"),
		tuxrun.Timeout,
		qemutest.Assets(tuxrunKernel, tuxrunRootFS))

	tuxrun.Guest{
		Kernel: tuxrunKernel,
		RootFS: tuxrunRootFS,
		Root:   "sda",
		Disk:   "ide-hd,bus=ide.0,unit=0",
	}.Run(q)
}
