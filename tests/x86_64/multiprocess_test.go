//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/multiprocess"
)

var (
	fedora31NetworkKernel = asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/31/Everything/x86_64/os/images/pxeboot/vmlinuz",
		"d4738d03dbbe083ca610d0821d0a8f1488bebbdccef54ce33e3adb35fda00129")
	fedora31NetworkInitrd = asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/31/Everything/x86_64/os/images/pxeboot/initrd.img",
		"3b6cb5c91a14c42e2f61520f1689264d865e772a1f0069e660a800d31dd61fb9")
)

func TestX86Multiprocess(t *testing.T) {
	q := qemutest.New(t, "x86_64",
		qemutest.Machine("pc"),
		qemutest.CPU("host"),
		qemutest.Accel("kvm"),
		qemutest.Device("x-pci-proxy-dev"),
		qemutest.Memory(3<<30),
		qemutest.Assets(fedora31NetworkKernel, fedora31NetworkInitrd))

	multiprocess.CheckSCSI(q, linux.Boot{
		Kernel: q.Fetch(fedora31NetworkKernel),
		Initrd: q.Fetch(fedora31NetworkInitrd),
		Append: "console=ttyS0 rdinit=/bin/bash",
		Args:   append([]string{"-accel", "kvm"}, multiprocess.SharedMemory...),
	})
}
