//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/iommu"
	"github.com/qemutest/functional/tests/internal/linux"
)

// fedora is an installer of Fedora Server and a disk with that Fedora installed.
type fedora struct {
	kernel, initrd, disk *asset.Asset
	installed            iommu.Installed
}

// The driver of Linux 5.3 invalidates the SMMU's translations one by one.
var fedora31 = fedora{
	kernel: asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/31/Server/aarch64/os/images/pxeboot/vmlinuz",
		"3ae07fcafbfc8e4abeb693035a74fe10698faae15e9ccd48882a9167800c1527"),
	initrd: asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/31/Server/aarch64/os/images/pxeboot/initrd.img",
		"9f3146b28bc531c689f3c5f114cb74e4bd7bd548e0ba19fa77921d8bd256755a"),
	disk: asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/31/Cloud/aarch64/images/Fedora-Cloud-Base-31-1.9.aarch64.qcow2",
		"1e18d9c0cf734940c4b5d5ec592facaed2af0ad0329383d5639c997fdf16fe49"),
	installed: iommu.Installed{
		Partition: "/dev/vda2",
		File:      "/boot/initramfs-5.3.7-301.fc31.aarch64.img",
		SHA256:    "1a4beec6607d94df73d9dd1b4985c9c23dd0fdcf4e6ca1351d477f190df7bef9",
	},
}

// That of Linux 5.8 invalidates ranges (RIL), where the SMMU can.
var fedora33 = fedora{
	kernel: asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/33/Server/aarch64/os/images/pxeboot/vmlinuz",
		"d8b1e6f7241f339d8e7609c456cf0461ffa4583ed07e0b55c7d1d8a0c154aa89"),
	initrd: asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/33/Server/aarch64/os/images/pxeboot/initrd.img",
		"92513f55295c2c16a777f7b6c35ccd70a438e9e1e40b6ba39e0e60900615b3df"),
	disk: asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/33/Cloud/aarch64/images/Fedora-Cloud-Base-33-1.2.aarch64.qcow2",
		"e7f75cdfd523fe5ac2ca9eeece68edc1a81f386a17f969c1d1c7c87031008a6b"),
	installed: iommu.Installed{
		Partition: "/dev/vda2",
		File:      "/boot/initramfs-5.8.15-301.fc33.aarch64.img",
		SHA256:    "079cfad0caa82e84c8ca1fb0897a4999dd769f262216099f518619e807a550d9",
	},
}

func TestAarch64SMMU(t *testing.T) { testSMMU(t, fedora31, "") }

func TestAarch64SMMUPassthrough(t *testing.T) { testSMMU(t, fedora31, " iommu.passthrough=on") }

func TestAarch64SMMULazy(t *testing.T) { testSMMU(t, fedora31, " iommu.strict=0") }

func TestAarch64SMMURange(t *testing.T) { testSMMU(t, fedora33, "") }

func TestAarch64SMMURangePassthrough(t *testing.T) { testSMMU(t, fedora33, " iommu.passthrough=on") }

func TestAarch64SMMURangeLazy(t *testing.T) { testSMMU(t, fedora33, " iommu.strict=0") }

func testSMMU(t *testing.T, guest fedora, options string) {
	q := qemutest.New(t, "aarch64",
		qemutest.Machine("virt,iommu=smmuv3"),
		hostAccel,
		qemutest.CPU("host"),
		qemutest.Netdev("user"),
		qemutest.Firmware(uefi...),
		qemutest.Memory(3<<29),
		qemutest.Timeout(12*time.Minute),
		qemutest.Assets(guest.kernel, guest.initrd, guest.disk))

	boot := linux.Boot{
		Kernel: q.Fetch(guest.kernel),
		Initrd: q.Fetch(guest.initrd),
		Append: "earlyprintk=pl011,0x9000000 no_timer_check rd_NO_PLYMOUTH net.ifnames=0 console=ttyAMA0 rd.rescue" + options,
		Args: slices.Concat(
			[]string{"-accel", hostAccelName(q), "-m", "1G", "-d", "guest_errors", "-bios", q.Firmware(uefi...)},
			iommu.Disk(q.Fetch(guest.disk), ",cache=writethrough"),
			iommu.Network("virtio-net-pci"),
			[]string{
				"-object", "rng-random,id=rng0,filename=/dev/urandom",
				"-device", "virtio-rng-pci,rng=rng0",
			}),
	}
	vm := boot.Launch(q)
	vm.WaitFor("attach it to a bug report.")
	// The rescue system asks for Enter, and forgets what was typed before it
	// did.
	vm.InterruptUntil("\r", time.Second, "# ")
	iommu.CheckCommandLine(vm, boot.CommandLine())
	linux.Run(vm, "dmesg | grep arm-smmu-v3")
	iommu.CheckGroups(vm)
	guest.installed.Enter(vm, "/bin/vi", "/root/vi")
	linux.Run(vm, "diff -q /root/vi /usr/bin/vi")
	guest.installed.CheckHash(vm, guest.installed.File)
	guest.installed.CheckDownload(vm)
}

// hostAccel requires an accelerator that runs guests on the host's CPU.
var hostAccel = qemutest.Require("accel hvf or kvm", qemutest.StageEmulator,
	func(ctx context.Context, q *qemutest.Test) error {
		return qemutest.Accel(hostAccelName(q)).Check(ctx, q)
	})

// hostAccelName returns the one of these accelerators that the host has: HVF on
// macOS, else KVM.
func hostAccelName(q *qemutest.Test) string {
	if q.Capabilities().HasAccel("hvf") {
		return "hvf"
	}
	return "kvm"
}
