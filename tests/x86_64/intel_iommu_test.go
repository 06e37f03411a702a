//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"slices"
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/iommu"
	"github.com/qemutest/functional/tests/internal/linux"
)

var fedora31Installed = iommu.Installed{
	Partition: "/dev/vda1",
	File:      "/boot/initramfs-5.3.7-301.fc31.x86_64.img",
	SHA256:    "0dc7472f879be70b2f3daae279e3ae47175ffe249691e7d97f47222b65b8a720",
}

func TestX86IntelIOMMU(t *testing.T) {
	testIntelIOMMU(t, "intel-iommu,intremap=on", "intel_iommu=on")
}

// Each unmapping waits until the IOMMU has forgotten it.
func TestX86IntelIOMMUStrict(t *testing.T) {
	testIntelIOMMU(t, "intel-iommu,intremap=on", "intel_iommu=on,strict")
}

// The guest tells the IOMMU of mappings that are new, too.
func TestX86IntelIOMMUStrictCachingMode(t *testing.T) {
	testIntelIOMMU(t, "intel-iommu,intremap=on,caching-mode=on", "intel_iommu=on,strict")
}

// Devices of the kernel's own pass through the IOMMU unchanged.
func TestX86IntelIOMMUPassthrough(t *testing.T) {
	testIntelIOMMU(t, "intel-iommu,intremap=on", "intel_iommu=on iommu=pt")
}

func testIntelIOMMU(t *testing.T, device, options string) {
	q := qemutest.New(t, "x86_64",
		qemutest.Machine("q35,kernel_irqchip=split"),
		qemutest.Accel("kvm"),
		qemutest.Netdev("user"),
		qemutest.Memory(3<<29),
		qemutest.Timeout(5*time.Minute),
		qemutest.Assets(fedora31Kernel, fedora31Initrd, fedora31Disk))

	vm := linux.Boot{
		Kernel: q.Fetch(fedora31Kernel),
		Initrd: q.Fetch(fedora31Initrd),
		Append: "root=/dev/vda1 console=ttyS0 net.ifnames=0 quiet rd.rescue " + options,
		Args: slices.Concat(
			[]string{"-accel", "kvm", "-m", "1G", "-device", device},
			iommu.Disk(q.Fetch(fedora31Disk), ""),
			iommu.Network("virtio-net-pci"),
			[]string{
				"-device", iommu.Behind("virtio-gpu-pci"),
				"-object", "rng-random,id=rng0,filename=/dev/urandom",
				"-device", "virtio-rng-pci,rng=rng0",
			}),
	}.Launch(q)
	waitForRescueShell(vm)
	const copied = "/root/data"
	fedora31Installed.Enter(vm, "/sysroot"+fedora31Installed.File, copied)
	iommu.CheckCommandLine(vm, options)
	linux.Run(vm, "dmesg | grep DMAR: | grep 'IOMMU enabled'")
	iommu.CheckGroups(vm)
	fedora31Installed.CheckHash(vm, fedora31Installed.File)
	fedora31Installed.CheckHash(vm, copied)
	fedora31Installed.CheckDownload(vm)
}
