//go:build !qemu_select || qemu_mips64

package mips64

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/tuxrun"
)

var (
	tuxrunKernel = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/mips64/vmlinux",
		"fe2882d216898ba2c56b49ba59f46ad392f36871f7fe325373cd926848b9dbdc")
	tuxrunRootFS = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/mips64/rootfs.ext4.zst",
		"b8c98400216b6d4fb3b3ff05e9929aa015948b596cf0b82234813c84a4f7f4d5")
)

func TestMIPS64TuxRun(t *testing.T) {
	q := qemutest.New(t, "mips64",
		qemutest.Machine("malta"),
		tuxrun.Timeout,
		qemutest.Assets(tuxrunKernel, tuxrunRootFS))

	tuxrun.Guest{
		Kernel: tuxrunKernel,
		RootFS: tuxrunRootFS,
		Root:   "sda",
		Disk:   "ide-hd,bus=ide.0,unit=0",
	}.Run(q)
}
