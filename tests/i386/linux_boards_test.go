//go:build !qemu_select || qemu_i386

package i386

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/board"
)

// The kernels and device trees are those of Debian; see package board.
func TestI386LinuxBoards(t *testing.T) {
	board.Run(t, "i386",
		// The kernel of Debian is not for a 486, and looks for an I/O APIC where
		// the CPU has an APIC. No network: the driver of the NIC has to be told
		// where that is.
		board.Board{
			Machine: "isapc", CPUModel: "qemu32,-apic", Kernel: board.I686, Console: "ttyS0", Memory: 256,
			Modules: []string{"pata_legacy", "sd_mod"},
			Model:   "Bochs", CPU: "QEMU Virtual CPU",
			Drivers: []string{"platform/rtc_cmos", "scsi/sd"},
			RTC:     true, Disk: board.IDEDisk,
			Halts: true,
		},
		board.Board{
			// The kernel takes no interrupts of a PIT here, and waits for ever if
			// the host was too busy for it to calibrate the TSC: it is told a
			// frequency, which only makes its seconds longer or shorter.
			Machine: "microvm", Kernel: board.I686,
			Append: "tsc_early_khz=2000000", Console: "ttyS0", Memory: 512,
			Modules: []string{"virtio_blk", "virtio_mmio", "virtio_net"},
			CPU:     "QEMU Virtual CPU",
			Drivers: []string{"platform/virtio-mmio", "virtio/virtio_blk", "virtio/virtio_net"},
			Disk:    board.VirtioDisk("virtio-blk-device"), NIC: board.NIC{Interface: "eth0", Model: "virtio-net-device"},
		},
		board.Board{
			Machine: "pc", Kernel: board.I686, Console: "ttyS0", Memory: 512,
			Modules: []string{"ata_piix", "e1000", "i2c-piix4", "i6300esb", "sd_mod"},
			Model:   "Standard PC (i440FX + PIIX, 1996)", CPU: "QEMU Virtual CPU",
			Drivers: []string{"pci/ata_piix", "pci/e1000", "pci/piix4_smbus", "pnp/rtc_cmos", "scsi/sd"},
			RTC:     true, Disk: board.IDEDisk, NIC: board.NIC{Interface: "eth0", Model: "e1000"},
			Args:     []string{"-device", "i6300esb"},
			Watchdog: "i6300ESB timer",
		},
		board.Board{
			Machine: "q35", Kernel: board.I686PAE, Console: "ttyS0", Memory: 512, CPUs: 2,
			Modules: []string{"ahci", "e1000e", "i2c-i801", "sd_mod"},
			Model:   "Standard PC (Q35 + ICH9, 2009)", CPU: "QEMU Virtual CPU",
			Drivers: []string{"pci/ahci", "pci/e1000e", "pci/i801_smbus", "pnp/rtc_cmos", "scsi/sd"},
			RTC:     true, Disk: board.IDEDisk, NIC: board.NIC{Interface: "eth0", Model: "e1000e"},
		},
	)
}
