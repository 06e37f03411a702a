//go:build !qemu_select || qemu_riscv64

package riscv64

import (
	"testing"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/board"
)

// The kernels are those of Debian; see package board.
func TestRISCV64LinuxBoards(t *testing.T) {
	board.Run(t, "riscv64",
		board.Board{
			Machine: "virt", Kernel: board.RISCV64, Console: "ttyS0", Memory: 512, CPUs: 2,
			Modules: []string{"rtc-goldfish", "virtio_blk", "virtio_net", "virtio_pci"},
			Model:   "riscv-virtio,qemu", CPU: "isa\t\t: rv64imafdc",
			Drivers: []string{"pci/virtio-pci", "platform/goldfish_rtc", "virtio/virtio_blk", "virtio/virtio_net"},
			RTC:     true, Disk: board.VirtioDisk("virtio-blk-pci"), NIC: board.NIC{Interface: "eth0", Model: "virtio-net-pci"},
			Requirements: []qemutest.Requirement{
				qemutest.Version(">= 8.2", "QEMU exits without telling that the guest powered off"),
			},
		},
		board.Board{
			Name: "virt-mmio", Machine: "virt,aclint=on", CPUModel: "max", Kernel: board.RISCV64, Console: "ttyS0", Memory: 512,
			Modules: []string{"virtio_blk", "virtio_mmio", "virtio_net"},
			Model:   "riscv-virtio,qemu", CPU: "isa\t\t: rv64imafdcv",
			Drivers: []string{"virtio/virtio_blk", "virtio/virtio_net"},
			Disk:    board.VirtioDisk("virtio-blk-device"), NIC: board.NIC{Interface: "eth0", Model: "virtio-net-device"},
			Requirements: []qemutest.Requirement{
				qemutest.Version(">= 8.2", "QEMU exits without telling that the guest powered off"),
			},
		},
	)
}
