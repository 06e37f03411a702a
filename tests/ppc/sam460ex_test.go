//go:build !qemu_select || qemu_ppc

package ppc

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var sam460exKernel = asset.New(
	"https://github.com/legoater/qemu-ppc-boot/raw/refs/heads/main/buildroot/qemu_ppc_sam460ex-2023.11-8-gdcd9f0f6eb-20240105/vmlinux",
	"6f46346f3e20e8b5fc050ff363f350f8b9d76a051b9e0bd7ea470cc680c14df2")

func TestPPCSam460exLinux(t *testing.T) {
	q := qemutest.New(t, "ppc",
		qemutest.Machine("sam460ex"),
		qemutest.Netdev("user"),
		qemutest.Memory(1<<30),
		qemutest.Timeout(4*time.Minute),
		qemutest.Assets(sam460exKernel))

	vm := linux.Boot{
		Kernel: q.Fetch(sam460exKernel),
		Args:   []string{"-device", "virtio-net-pci,netdev=net0", "-netdev", "user,id=net0"},
	}.Launch(q)
	vm.WaitFor("Linux version")
	vm.WaitFor("Hardware name: amcc,canyonlands 460EX")
	vm.WaitFor("/init as init process")
	vm.WaitFor("lease of 10.0.2.15 obtained")
	linux.Login{Prompt: "buildroot login:"}.Run(vm)
	vm.Exec("poweroff", "System Halted")
}
