//go:build !qemu_select || qemu_ppc64

package ppc64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/board"
)

// The kernels and device trees are those of Debian; see package board.
func TestPPC64LinuxBoards(t *testing.T) {
	board.Run(t, "ppc64",
		powernv("powernv8", "POWER8", 1),
		powernv("powernv9", "POWER9", 1),
		powernv("powernv10", "POWER10", 2),
		board.Board{
			Name: "pseries-power8", Machine: "pseries", CPUModel: "power8", Kernel: board.PowerPC64, Console: "hvc0", Memory: 1024,
			Modules: []string{"ibmveth", "ibmvscsi", "sd_mod"},
			Model:   "IBM pSeries (emulated by qemu)", CPU: "POWER8",
			Drivers: []string{"scsi/sd", "vio/ibmveth", "vio/ibmvscsi"},
			Disk: board.Disk{Device: "sda", Drive: "if=none,id=disk0",
				Args: []string{"-device", "spapr-vscsi", "-device", "scsi-hd,drive=disk0"}},
			NIC: board.NIC{Interface: "eth0", Model: "spapr-vlan"},
		},
		board.Board{
			Name: "pseries-power9", Machine: "pseries", CPUModel: "power9", Kernel: board.PowerPC64, Console: "hvc0", Memory: 1024, CPUs: 2,
			Modules: []string{"virtio_blk", "virtio_net", "virtio_pci"},
			Model:   "IBM pSeries (emulated by qemu)", CPU: "POWER9",
			Drivers: []string{"pci/virtio-pci", "virtio/virtio_blk", "virtio/virtio_net"},
			Disk:    board.VirtioDisk("virtio-blk-pci"), NIC: board.NIC{Interface: "eth0", Model: "virtio-net-pci"},
		},
	)
}

// powernv returns a machine without a hypervisor, whose firmware is skiboot. It
// has a root port on each of its PCI Express host bridges.
func powernv(machine, cpu string, cpus int) board.Board {
	return board.Board{
		Machine: machine, Kernel: board.PowerPC64, Console: "hvc0", Memory: 1536, CPUs: cpus,
		Modules: []string{"e1000e", "nvme", "rtc-opal"},
		Model:   "IBM PowerNV (emulated by qemu)", CPU: cpu,
		Drivers: []string{"pci/e1000e", "pci/nvme", "platform/rtc-opal"},
		Disk: board.Disk{Device: "nvme0n1", Drive: "if=none,id=disk0",
			Args: []string{"-device", "nvme,bus=pcie.2,serial=1,drive=disk0"}},
		NIC: board.NIC{Interface: "eth0", Model: "e1000e,bus=pcie.1"},
	}
}
