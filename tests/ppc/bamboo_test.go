//go:build !qemu_select || qemu_ppc

package ppc

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	bambooKernel = asset.New(
		"https://github.com/legoater/qemu-ppc-boot/raw/refs/heads/main/buildroot/qemu_ppc_bamboo-2023.11-8-gdcd9f0f6eb-20240105/vmlinux",
		"a2e12eb45b73491ac62fc0bbeb68dead0dc5c0f22cf83146558389209b420ad1")
	bambooInitrd = asset.New(
		"https://github.com/legoater/qemu-ppc-boot/raw/refs/heads/main/buildroot/qemu_ppc_bamboo-2023.11-8-gdcd9f0f6eb-20240105/rootfs.cpio",
		"d2a36bdb8763b389765dc8c29d4904cec2bd001c587f92e85ab9eb10d5ddda54")
)

func TestPPCBambooLinux(t *testing.T) {
	q := qemutest.New(t, "ppc",
		qemutest.Machine("bamboo"),
		qemutest.Accel("tcg"),
		qemutest.Netdev("user"),
		qemutest.Timeout(4*time.Minute),
		qemutest.Assets(bambooKernel, bambooInitrd))

	vm := linux.Boot{
		Kernel: q.Fetch(bambooKernel),
		Initrd: q.Fetch(bambooInitrd),
		Args:   []string{"-nic", "user,model=virtio-net-pci,restrict=on"},
	}.Launch(q)
	linux.Login{Prompt: "buildroot login:"}.Run(vm)
	vm.Exec("ping -c1 10.0.2.2", "1 packets transmitted, 1 packets received, 0% packet loss")
	vm.Exec("halt", "System Halted")
}
