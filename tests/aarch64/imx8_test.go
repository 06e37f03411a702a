//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/disk"
	"github.com/qemutest/functional/tests/internal/linux"
)

var debianCloud = asset.New(
	"https://cloud.debian.org/images/cloud/bookworm/20231210-1590/debian-12-generic-arm64-20231210-1590.tar.xz",
	"7ebf1577b32d5af6204df74b54ca2e4675de9b5a9fa14f3ff70b88eeb7b3b359")

func TestAarch64IMX8MMEVK(t *testing.T) { testIMX8(t, "imx8mm-evk", 0x64db5000, 36812) }

func TestAarch64IMX8MPEVK(t *testing.T) { testIMX8(t, "imx8mp-evk", 0x64f51000, 46080) }

// testIMX8 boots Debian from an SD card. The kernel, its initrd and the device
// tree are taken from the image of the card, each of which is in one piece
// there; the offset and the size of the device tree, in bytes, are the caller's.
func testIMX8(t *testing.T, machine string, dtbOffset, dtbSize int64) {
	q := qemutest.New(t, "aarch64",
		qemutest.Machine(machine),
		qemutest.Accel("tcg"),
		qemutest.Memory(2560<<20),
		// Unpacking 2 GiB counts.
		qemutest.Timeout(8*time.Minute),
		qemutest.Assets(debianCloud))

	image := q.ExtractMember(debianCloud, "disk.raw")
	vm := linux.Boot{
		Kernel:  disk.Carve(q, image, "linux", 0x51000000, 32622528),
		Initrd:  disk.Carve(q, image, "initrd.zstd", 0x76000000, 30987766),
		DTB:     disk.Carve(q, image, machine+".dtb", dtbOffset, dtbSize),
		Append:  "root=/dev/mmcblk2p1",
		Console: 1,
		Args: []string{
			"-m", "2G", "-smp", "4",
			"-drive", "if=sd,bus=2,format=raw,id=mmcblk2,snapshot=on,file=" + image,
		},
	}.Launch(q)
	vm.WaitFor("Welcome to ")
}
