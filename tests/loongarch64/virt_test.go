//go:build !qemu_select || qemu_loongarch64

package loongarch64

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	virtKernel = asset.New(
		"https://github.com/yangxiaojuan-loongson/qemu-binary/releases/download/2024-11-26/vmlinuz.efi",
		"08b88a45f48a5fd92260bae895be4e5175be2397481a6f7821b9f39b2965b79e")
	virtInitrd = asset.New(
		"https://github.com/yangxiaojuan-loongson/qemu-binary/releases/download/2024-11-26/ramdisk",
		"03d6fb6f8ee64ecac961120a0bdacf741f17b3bee2141f17fa01908c8baf176a")
	virtFirmware = asset.New(
		"https://github.com/yangxiaojuan-loongson/qemu-binary/releases/download/2024-11-26/QEMU_EFI.fd",
		"f55fbf5d92e885844631ae9bfa8887f659bbb4f6ef2beea9e9ff8bc0603b6697")
)

// UEFI firmware boots Linux, which brings up all CPUs.
func TestLoongArch64VirtLinux(t *testing.T) {
	q := qemutest.New(t, "loongarch64",
		qemutest.Machine("virt"),
		qemutest.CPU("la464"),
		qemutest.Timeout(4*time.Minute),
		qemutest.Memory(3<<29),
		qemutest.Assets(virtKernel, virtInitrd, virtFirmware))

	vm := linux.Boot{
		Kernel: q.Fetch(virtKernel),
		Initrd: q.Fetch(virtInitrd),
		Append: "root=/dev/ram rdinit=/sbin/init console=ttyS0,115200",
		Args:   []string{"-smp", "4", "-m", "1024", "-bios", q.Fetch(virtFirmware)},
	}.Launch(q)
	vm.WaitFor("Run /sbin/init as init process")
	vm.Exec("cat /proc/cpuinfo", "processor\t\t: 3")
}
