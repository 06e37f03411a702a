//go:build !qemu_select || qemu_mips64el

package mips64el

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/board"
)

// The kernels and device trees are those of Debian; see package board.
func TestMIPS64ELLinuxBoards(t *testing.T) {
	board.Run(t, "mips64el",
		board.Board{
			Machine: "loongson3-virt", Kernel: board.Loongson3, Console: "ttyS0", Memory: 1024,
			Modules: []string{"virtio_blk", "virtio_net", "virtio_pci"},
			Model:   "Generic Loongson64 System", CPU: "Loongson-3",
			Drivers: []string{"pci/virtio-pci", "virtio/virtio_blk", "virtio/virtio_net"},
			Disk:    board.VirtioDisk("virtio-blk-pci"), NIC: board.NIC{Interface: "eth0", Model: "virtio-net-pci"},
		},
		board.Board{
			Name: "malta-5KEc", Machine: "malta", CPUModel: "5KEc", Kernel: board.Malta5KC, Console: "ttyS0", Memory: 512,
			Modules: []string{"ata_piix", "i2c-piix4", "pcnet32", "sd_mod"},
			Model:   "MIPS Malta", CPU: "MIPS 5KE",
			Drivers: []string{"pci/ata_piix", "pci/pcnet32", "platform/rtc_cmos", "scsi/sd"},
			RTC:     true, Disk: board.IDEDisk, NIC: board.NIC{Interface: "eth0"},
		},
		board.Board{
			Name: "malta-MIPS64R2", Machine: "malta", CPUModel: "MIPS64R2-generic", Kernel: board.Malta5KC, Console: "ttyS0", Memory: 512,
			Modules: []string{"ata_piix", "i2c-piix4", "pcnet32", "sd_mod"},
			Model:   "MIPS Malta", CPU: "MIPS GENERIC QEMU",
			Drivers: []string{"pci/ata_piix", "pci/pcnet32", "platform/rtc_cmos", "scsi/sd"},
			RTC:     true, Disk: board.IDEDisk, NIC: board.NIC{Interface: "eth0"},
		},
	)
}
