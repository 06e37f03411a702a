//go:build !qemu_select || qemu_riscv32

package riscv32

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/tuxrun"
)

var (
	tuxrunKernel = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/riscv32/Image",
		"872bc8f8e0d4661825d5f47f7bec64988e9d0a8bd5db8917d57e16f66d83b329")
	tuxrunRootFS = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/riscv32/rootfs.ext4.zst",
		"511ad34e63222db08d6c1da16fad224970de36517a784110956ba6a24a0ee5f6")
)

func TestRISCV32TuxRun(t *testing.T) {
	q := qemutest.New(t, "riscv32",
		qemutest.Machine("virt"),
		tuxrun.Timeout,
		qemutest.Assets(tuxrunKernel, tuxrunRootFS))

	tuxrun.Guest{
		Kernel:   tuxrunKernel,
		RootFS:   tuxrunRootFS,
		Disk:     "virtio-blk-device",
		TurnsOff: true,
	}.Run(q)
}

func TestRISCV32TuxRunMaxCPU(t *testing.T) {
	q := qemutest.New(t, "riscv32",
		qemutest.Machine("virt"),
		qemutest.CPU("max"),
		tuxrun.Timeout,
		qemutest.Assets(tuxrunKernel, tuxrunRootFS))

	tuxrun.Guest{
		Kernel:   tuxrunKernel,
		RootFS:   tuxrunRootFS,
		Disk:     "virtio-blk-device",
		TurnsOff: true,
	}.Run(q)
}
