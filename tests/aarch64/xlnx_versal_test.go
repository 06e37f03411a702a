//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	versalKernel = asset.New(
		"http://ports.ubuntu.com/ubuntu-ports/dists/bionic-updates/main/installer-arm64/20101020ubuntu543.19/images/netboot/ubuntu-installer/arm64/linux",
		"ce54f74ab0b15cfd13d1a293f2d27ffd79d8a85b7bb9bf21093ae9513864ac79")
	versalInitrd = asset.New(
		"http://ports.ubuntu.com/ubuntu-ports/dists/bionic-updates/main/installer-arm64/20101020ubuntu543.19/images/netboot//ubuntu-installer/arm64/initrd.gz",
		"e7a5e716b6f516d8be315c06e7331aaf16994fe4222e0e7cfb34bc015698929e")
)

func TestAarch64Versal(t *testing.T) {
	// The first is the second by the name that it had first.
	for _, machine := range []string{"xlnx-versal-virt", "amd-versal-virt", "amd-versal2-virt"} {
		t.Run(machine, func(t *testing.T) {
			q := qemutest.New(t, "aarch64",
				qemutest.Machine(machine),
				qemutest.Memory(2560<<20),
				qemutest.Assets(versalKernel, versalInitrd))

			vm := linux.Boot{
				Kernel: q.Fetch(versalKernel),
				Initrd: q.Fetch(versalInitrd),
				Args:   []string{"-m", "2G", "-accel", "tcg"},
			}.Launch(q)
			vm.WaitFor("Checked W+X mappings: passed")
		})
	}
}
