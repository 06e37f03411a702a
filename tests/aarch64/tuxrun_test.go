//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/tuxrun"
)

var (
	tuxrunArm64Kernel = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/arm64/Image",
		"b74743c5e89e1cea0f73368d24ae0ae85c5204ff84be3b5e9610417417d2f235")
	tuxrunArm64RootFS = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/arm64/rootfs.ext4.zst",
		"a1acaaae2068df4648d04ff75f532aaa8c5edcd6b936122b6f0db4848a07b465")
	tuxrunArm64BEKernel = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/arm64be/Image",
		"fd6af4f16689d17a2c24fe0053cc212edcdf77abdcaf301800b8d38fa9f6e109")
	tuxrunArm64BERootFS = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/arm64be/rootfs.ext4.zst",
		"f5e9371b62701aab8dead52592ca7488c8a9e255c9be8d7635c7f30f477c2c21")
)

func TestAarch64TuxRun(t *testing.T) {
	q := qemutest.New(t, "aarch64",
		qemutest.Machine("virt"),
		qemutest.CPU("cortex-a57"),
		qemutest.Timeout(2*time.Minute),
		qemutest.Assets(tuxrunArm64Kernel, tuxrunArm64RootFS))

	tuxrun.Guest{
		Kernel:  tuxrunArm64Kernel,
		RootFS:  tuxrunArm64RootFS,
		Console: "ttyAMA0",
		Disk:    "virtio-blk-device",
	}.Run(q)
}

func TestAarch64TuxRunBigEndian(t *testing.T) {
	q := qemutest.New(t, "aarch64",
		qemutest.Machine("virt"),
		qemutest.CPU("cortex-a57"),
		qemutest.Timeout(2*time.Minute),
		qemutest.Assets(tuxrunArm64BEKernel, tuxrunArm64BERootFS))

	tuxrun.Guest{
		Kernel:  tuxrunArm64BEKernel,
		RootFS:  tuxrunArm64BERootFS,
		Console: "ttyAMA0",
		Disk:    "virtio-blk-device",
	}.Run(q)
}
