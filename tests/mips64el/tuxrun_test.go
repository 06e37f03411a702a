//go:build !qemu_select || qemu_mips64el

package mips64el

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/tuxrun"
)

var (
	tuxrunKernel = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/mips64el/vmlinux",
		"0d2829a96f005229839c4cd586d4d8a136ea4b488d29821611c8e97f2266bfa9")
	tuxrunRootFS = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/mips64el/rootfs.ext4.zst",
		"69c8b69a4f1582ce4c6f01a994968f5d73bffb2fc99cbeeeb26c8b5a28eaeb84")
)

func TestMIPS64ELTuxRun(t *testing.T) {
	q := qemutest.New(t, "mips64el",
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
