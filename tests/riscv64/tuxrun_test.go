//go:build !qemu_select || qemu_riscv64

package riscv64

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/tuxrun"
)

var (
	tuxrun64Kernel = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/riscv64/Image",
		"2bd8132a3bf21570290042324fff48c987f42f2a00c08de979f43f0662ebadba")
	tuxrun64RootFS = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/riscv64/rootfs.ext4.zst",
		"aa4736a9872651dfc0d95e709465eedf1134fd19d42b8cb305bfd776f9801004")
	tuxrun32Kernel = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/riscv32/Image",
		"872bc8f8e0d4661825d5f47f7bec64988e9d0a8bd5db8917d57e16f66d83b329")
	tuxrun32RootFS = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/riscv32/rootfs.ext4.zst",
		"511ad34e63222db08d6c1da16fad224970de36517a784110956ba6a24a0ee5f6")
)

func TestRISCV64TuxRun(t *testing.T) {
	q := qemutest.New(t, "riscv64",
		qemutest.Machine("virt"),
		tuxrun.Timeout,
		qemutest.Assets(tuxrun64Kernel, tuxrun64RootFS))

	tuxrun.Guest{
		Kernel:   tuxrun64Kernel,
		RootFS:   tuxrun64RootFS,
		Disk:     "virtio-blk-device",
		TurnsOff: true,
	}.Run(q)
}

func TestRISCV64TuxRunMaxCPU(t *testing.T) {
	q := qemutest.New(t, "riscv64",
		qemutest.Machine("virt"),
		qemutest.CPU("max"),
		tuxrun.Timeout,
		qemutest.Assets(tuxrun64Kernel, tuxrun64RootFS))

	tuxrun.Guest{
		Kernel:   tuxrun64Kernel,
		RootFS:   tuxrun64RootFS,
		Disk:     "virtio-blk-device",
		TurnsOff: true,
	}.Run(q)
}

func TestRISCV64TuxRunRV32(t *testing.T) {
	q := qemutest.New(t, "riscv64",
		qemutest.Machine("virt"),
		qemutest.CPU("rv32"),
		tuxrun.Timeout,
		qemutest.Assets(tuxrun32Kernel, tuxrun32RootFS))

	tuxrun.Guest{
		Kernel:   tuxrun32Kernel,
		RootFS:   tuxrun32RootFS,
		Disk:     "virtio-blk-device",
		TurnsOff: true,
	}.Run(q)
}
