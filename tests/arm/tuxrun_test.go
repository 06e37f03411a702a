//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/tuxrun"
)

var (
	tuxrunArmv5Kernel = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/armv5/zImage",
		"3931a3908dbcf0ec0fe292d035ffc4dfed95f797dedd4a59ccfcf7a46e6f92d4")
	tuxrunArmv5RootFS = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/armv5/rootfs.ext4.zst",
		"60ff78b68c7021df378e4fc2d66d3b016484d1acc7e07fb8920c1d8e30f4571f")
	tuxrunArmv5DTB = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/armv5/versatile-pb.dtb",
		"50988e69ef3f3b08bfb9146e8fe414129990029e8dfbed444953b7e14809530a")
	tuxrunArmv7Kernel = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/armv7/zImage",
		"1377bc3d90de5ce57ab17cd67429fe8b15c2e9964248c775c682b67e6299b991")
	tuxrunArmv7RootFS = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/armv7/rootfs.ext4.zst",
		"ed2cbc69bd6b3fbd5cafb5ee961393c7cfbe726446f14301c67d6b1f28bfdb51")
	tuxrunArmv7BEKernel = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/armv7be/zImage",
		"a244e6da99f1bbd254827ec7681bd4aac9eb1aa05aaebc6b15e5d289ebb683f3")
	tuxrunArmv7BERootFS = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/armv7be/rootfs.ext4.zst",
		"d4f9c57860a512163f30ecc69b2174d1a1bdeb853a43dc49a09cfcfe84e428ea")
)

func TestArmTuxRunArmv5(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("versatilepb"),
		qemutest.CPU("arm926"),
		qemutest.Timeout(2*time.Minute),
		qemutest.Assets(tuxrunArmv5Kernel, tuxrunArmv5RootFS, tuxrunArmv5DTB))

	tuxrun.Guest{
		Kernel:  tuxrunArmv5Kernel,
		RootFS:  tuxrunArmv5RootFS,
		DTB:     tuxrunArmv5DTB,
		Console: "ttyAMA0",
		Disk:    "virtio-blk-pci",
	}.Run(q)
}

func TestArmTuxRunArmv7(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("virt"),
		qemutest.CPU("cortex-a15"),
		qemutest.Timeout(2*time.Minute),
		qemutest.Assets(tuxrunArmv7Kernel, tuxrunArmv7RootFS))

	tuxrun.Guest{
		Kernel:  tuxrunArmv7Kernel,
		RootFS:  tuxrunArmv7RootFS,
		Console: "ttyAMA0",
		Disk:    "virtio-blk-device",
	}.Run(q)
}

func TestArmTuxRunArmv7BigEndian(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("virt"),
		qemutest.CPU("cortex-a15"),
		qemutest.Timeout(2*time.Minute),
		qemutest.Assets(tuxrunArmv7BEKernel, tuxrunArmv7BERootFS))

	tuxrun.Guest{
		Kernel:  tuxrunArmv7BEKernel,
		RootFS:  tuxrunArmv7BERootFS,
		Console: "ttyAMA0",
		Disk:    "virtio-blk-device",
	}.Run(q)
}
