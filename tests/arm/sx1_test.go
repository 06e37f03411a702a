//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	sx1Kernel = asset.New(
		"https://github.com/groeck/linux-test-downloads/raw/225223f2ad7d637b34426810bf6c3b727b76a718/sx1/zImage",
		"a0271899a8dc2165f9e0adb2d0a57fc839ae3a469722ffc56c77e108a8887615")
	sx1Initrd = asset.New(
		"https://github.com/groeck/linux-test-downloads/raw/225223f2ad7d637b34426810bf6c3b727b76a718/sx1/rootfs-armv4.cpio",
		"35b0721249821aa544cd85b85d3cb8901db4c6d128eed86ab261e5d9e37d58f8")
	sx1RootFS = asset.New(
		"https://github.com/groeck/linux-test-downloads/raw/225223f2ad7d637b34426810bf6c3b727b76a718/sx1/rootfs-armv4.ext2",
		"c1db7f43ef92469ebc8605013728c8950e7608439f01d13678994f0ce101c3a8")
	sx1Flash = asset.New(
		"https://github.com/groeck/linux-test-downloads/raw/225223f2ad7d637b34426810bf6c3b727b76a718/sx1/flash",
		"17e6a2758fa38efd2666be0879d4751fd37d194f25168a8deede420df519b676")
)

func TestArmSX1Initrd(t *testing.T) {
	q := newSX1(t, sx1Initrd)
	bootSX1(q, linux.Boot{
		Initrd: q.Fetch(sx1Initrd),
		Append: "rdinit=/sbin/init",
	})
}

func TestArmSX1SD(t *testing.T) {
	q := newSX1(t, sx1RootFS)
	bootSX1(q, linux.Boot{
		Append: "root=/dev/mmcblk0 rootwait",
		Args:   append(sdCard(q.Fetch(sx1RootFS)), "-snapshot"),
	})
}

func TestArmSX1Flash(t *testing.T) {
	q := newSX1(t, sx1Flash)
	bootSX1(q, linux.Boot{
		Append: "root=/dev/mtdblock3 rootwait",
		Args:   []string{"-drive", "if=pflash,format=raw,file=" + q.Fetch(sx1Flash), "-snapshot"},
	})
}

func newSX1(t *testing.T, root *asset.Asset) *qemutest.Test {
	return qemutest.New(t, "arm",
		qemutest.Machine("sx1"),
		qemutest.Timeout(360*time.Second),
		qemutest.Assets(sx1Kernel, root))
}

// bootSX1 boots the kernel with a root file system whose init reboots.
func bootSX1(q *qemutest.Test, boot linux.Boot) {
	boot.Kernel = q.Fetch(sx1Kernel)
	boot.Append = "kunit.enable=0 " + boot.Append + " console=ttyS0,115200 earlycon=uart8250,mmio32,0xfffb0000,115200n8"
	boot.Args = append(boot.Args, "-no-reboot")
	vm := boot.Launch(q)
	vm.WaitFor("Boot successful")
	q.Check(vm.WaitForExit().Err())
}
