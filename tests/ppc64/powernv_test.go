//go:build !qemu_select || qemu_ppc64

package ppc64

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	powerNVKernel = asset.New(
		"https://github.com/legoater/qemu-ppc-boot/raw/refs/heads/main/buildroot/qemu_ppc64le_powernv8-2025.02/vmlinux",
		"6fd29aff9ad4362511ea5d0acbb510667c7031928e97d64ec15bbc5daf4b8151")
	powerNVDisk = asset.New(
		"https://github.com/legoater/qemu-ppc-boot/raw/refs/heads/main/buildroot/qemu_ppc64le_powernv8-2025.02/rootfs.ext2",
		"aee2192b692077c4bde31cb56ce474424b358f17cec323d5c94af3970c9aada2")
)

func TestPPC64PowerNVLinux(t *testing.T) {
	for _, boot := range []rootlessBoot{
		{name: "UP"},
		{
			name:  "SMP",
			args:  []string{"-smp", "4"},
			lines: []string{"smp: Brought up 1 node, 4 CPUs"},
		},
		{
			name:  "SMP with hashed page table",
			words: " disable_radix",
			args:  []string{"-smp", "4"},
			lines: []string{"hash-mmu: Initializing hash mmu", "smp: Brought up 1 node, 4 CPUs"},
		},
		{
			name:  "SMT",
			args:  []string{"-smp", "4,threads=4"},
			lines: []string{"CPU maps initialized for 4 threads per core", "smp: Brought up 1 node, 4 CPUs"},
		},
		{
			name:  "two sockets",
			args:  []string{"-smp", "16,threads=4,cores=2,sockets=2"},
			lines: []string{"CPU maps initialized for 4 threads per core", "smp: Brought up 2 nodes, 16 CPUs"},
		},
	} {
		boot.machine, boot.kernel = "powernv", powerNVKernel
		t.Run(boot.name, boot.run)
	}
}

// Linux finds its root on an NVMe disk, beside a bridge with a network card and
// a USB controller, on each generation of the machine.
func TestPPC64PowerNVGenerations(t *testing.T) {
	for _, test := range []struct{ machine, processor string }{
		{"powernv8", "P8"},
		{"powernv9", "P9"},
		{"powernv10", "P10"},
		{"powernv11", "Power11"},
	} {
		t.Run(test.machine, func(t *testing.T) {
			q := qemutest.New(t, "ppc64",
				qemutest.Machine(test.machine),
				qemutest.Accel("tcg"),
				qemutest.Timeout(4*time.Minute),
				qemutest.Memory(3<<29),
				qemutest.Assets(powerNVKernel, powerNVDisk))

			vm := linux.Boot{
				Kernel: q.Fetch(powerNVKernel),
				Append: "root=/dev/nvme0n1 console=tty0 console=hvc0",
				Args: []string{
					"-drive", "file=" + q.Fetch(powerNVDisk) + ",format=raw,if=none,id=drive0,readonly=on",
					"-device", "pcie-pci-bridge,id=bridge1,bus=pcie.1,addr=0x0",
					"-device", "nvme,drive=drive0,bus=pcie.2,addr=0x0,serial=1234",
					"-device", "e1000e,bus=bridge1,addr=0x3",
					"-device", "nec-usb-xhci,bus=bridge1,addr=0x2",
				},
			}.Launch(q)
			vm.WaitFor("CPU: " + test.processor + " generation processor")
			vm.WaitFor("INIT: Starting kernel at ")
			vm.WaitFor("Run /sbin/init as init process")
		})
	}
}
