//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/board"
	"github.com/qemutest/functional/tests/internal/board/report"
)

// The kernels and device trees are those of Debian; see package board.
func TestX86LinuxBoards(t *testing.T) {
	board.Run(t, "x86_64",
		board.Board{
			// The kernel takes no interrupts of a PIT here, and waits for ever if
			// the host was too busy for it to calibrate the TSC: it is told a
			// frequency, which only makes its seconds longer or shorter.
			Machine: "microvm", Kernel: board.CloudAMD64,
			Append: "tsc_early_khz=2000000", Console: "ttyS0", Memory: 512,
			Modules: []string{"virtio_blk", "virtio_mmio", "virtio_net"},
			CPU:     "QEMU Virtual CPU",
			Drivers: []string{"platform/virtio-mmio", "virtio/virtio_blk", "virtio/virtio_net"},
			Disk:    board.VirtioDisk("virtio-blk-device"), NIC: board.NIC{Interface: "eth0", Model: "virtio-net-device"},
		},
		board.Board{
			Machine: "pc", Kernel: board.AMD64, Console: "ttyS0", Memory: 512, CPUs: 2,
			Modules: []string{"8139cp", "ata_piix", "i2c-piix4", "sd_mod"},
			Model:   "Standard PC (i440FX + PIIX, 1996)", CPU: "QEMU Virtual CPU",
			Drivers: []string{"pci/8139cp", "pci/ata_piix", "pci/piix4_smbus", "pnp/rtc_cmos", "scsi/sd"},
			RTC:     true, Disk: board.IDEDisk, NIC: board.NIC{Interface: "eth0", Model: "rtl8139"},
		},
		board.Board{
			Name: "pc-watchdog", Machine: "pc", Kernel: board.AMD64, Console: "ttyS0", Memory: 512,
			Modules: []string{"i6300esb"},
			Model:   "Standard PC (i440FX + PIIX, 1996)", CPU: "QEMU Virtual CPU",
			Drivers:  []string{"pnp/rtc_cmos"},
			RTC:      true,
			Args:     []string{"-device", "i6300esb"},
			Watchdog: "i6300ESB timer", End: report.Watchdog,
		},
		board.Board{
			Machine: "q35", Kernel: board.CloudAMD64, Console: "ttyS0", Memory: 512, CPUs: 2,
			Modules: []string{"virtio_blk", "virtio_net", "virtio_pci"},
			Model:   "Standard PC (Q35 + ICH9, 2009)", CPU: "QEMU Virtual CPU",
			Drivers: []string{"pci/virtio-pci", "pnp/rtc_cmos", "virtio/virtio_blk", "virtio/virtio_net"},
			RTC:     true, Disk: board.VirtioDisk("virtio-blk-pci"), NIC: board.NIC{Interface: "eth0", Model: "virtio-net-pci"},
		},
	)
}
