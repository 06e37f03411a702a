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
		// QEMU has the first of its gigabytes where the device tree has it, and
		// the third where that has the second. OpenSBI starts one U54 only. No
		// network: the PHY of eth0 is at the MDIO bus of eth1, where QEMU has none
		// for it, and Linux refuses to take eth1 up.
		board.Board{
			Machine: "microchip-icicle-kit", Kernel: board.RISCV64, DTB: "microchip/mpfs-icicle-kit.dtb", Console: "ttyS1", Port: 1,
			Append: "earlycon=sbi maxcpus=1",
			Memory: 2048, FixedMemory: true, Args: []string{"-m", "3072"},
			Modules: []string{"macb", "mmc_block", "sdhci-cadence"},
			Model:   "Microchip PolarFire-SoC Icicle Kit", CPU: "uarch\t\t: sifive,u54-mc",
			Drivers: []string{"mmc/mmcblk", "platform/macb", "platform/microchip-mpfs-clkcfg", "platform/sdhci-cdns", "platform/sifive_ccache"},
			Disk:    board.SDCard("mmcblk?"),
			Halts:   true,
			Requirements: []qemutest.Requirement{
				qemutest.Version(">= 10.0", "Linux dies of an access to the clock conditioning circuits, at least on 7.2"),
			},
		},
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
