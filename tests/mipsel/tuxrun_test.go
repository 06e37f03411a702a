//go:build !qemu_select || qemu_mipsel

package mipsel

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/tuxrun"
)

var (
	tuxrunKernel = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/mips32el/vmlinux",
		"660dd8c7a6ca7a32d37b4e6348865532ab0edb66802e8cc07869338444cf4929")
	tuxrunRootFS = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/mips32el/rootfs.ext4.zst",
		"c5d69542bcaed54a4f34671671eb4be5c608ee02671d4d0436544367816a73b1")
)

func TestMIPSELTuxRun(t *testing.T) {
	q := qemutest.New(t, "mipsel",
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
