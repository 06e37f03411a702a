//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/multiprocess"
)

var (
	fedora31NetworkKernel = asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/31/Everything/aarch64/os/images/pxeboot/vmlinuz",
		"3ae07fcafbfc8e4abeb693035a74fe10698faae15e9ccd48882a9167800c1527")
	fedora31NetworkInitrd = asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/31/Everything/aarch64/os/images/pxeboot/initrd.img",
		"9fd230cab10b1dafea41cf00150e6669d37051fad133bd618d2130284e16d526")
)

func TestAarch64Multiprocess(t *testing.T) {
	q := qemutest.New(t, "aarch64",
		qemutest.Machine("virt,gic-version=3"),
		qemutest.Accel("kvm"),
		qemutest.CPU("host"),
		qemutest.Device("x-pci-proxy-dev"),
		qemutest.Memory(3<<30),
		qemutest.Assets(fedora31NetworkKernel, fedora31NetworkInitrd))

	multiprocess.CheckSCSI(q, linux.Boot{
		Kernel: q.Fetch(fedora31NetworkKernel),
		Initrd: q.Fetch(fedora31NetworkInitrd),
		Append: "rdinit=/bin/bash console=ttyAMA0",
		Args:   append([]string{"-accel", "kvm"}, multiprocess.SharedMemory...),
	})
}
