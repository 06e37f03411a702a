//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/board"
)

// The kernels and device trees are those of Debian; see package board.
func TestAarch64LinuxBoards(t *testing.T) {
	board.Run(t, "aarch64",
		board.Board{
			Machine: "raspi3b", Kernel: board.ARM64, DTB: "broadcom/bcm2837-rpi-3-b.dtb",
			Append: "earlycon=pl011,0x3f201000", Console: "ttyAMA0",
			Memory: 1024, FixedMemory: true, CPUs: 4, FixedCPUs: true,
			Modules: []string{"bcm2835", "bcm2835-rng", "bcm2835_thermal", "bcm2835_wdt", "cdc_ether", "dwc2",
				"i2c-bcm2835", "mmc_block", "phy-generic", "rndis_host"},
			Model: "Raspberry Pi 3 Model B", CPU: "CPU part\t: 0xd03",
			Drivers: []string{
				"platform/bcm2835-dma", "platform/bcm2835-mbox", "platform/bcm2835-rng", "platform/bcm2835-wdt",
				"platform/bcm2835_thermal", "platform/dwc2", "platform/i2c-bcm2835", "platform/sdhost-bcm2835",
			},
			Disk: board.SDCard("mmcblk0"), NIC: board.NIC{Interface: "eth0", Model: "usb-net"},
			Watchdog: "Broadcom BCM2835 Watchdog timer",
		},
		board.Board{
			Machine: "virt", CPUModel: "cortex-a57", Kernel: board.ARM64, Console: "ttyAMA0", Memory: 512, CPUs: 4,
			Modules: []string{"virtio_blk", "virtio_net", "virtio_pci"},
			Model:   "linux,dummy-virt", CPU: "CPU part\t: 0xd07",
			Drivers: []string{"amba/rtc-pl031", "amba/uart-pl011", "pci/virtio-pci", "virtio/virtio_blk", "virtio/virtio_net"},
			RTC:     true, Disk: board.VirtioDisk("virtio-blk-pci"), NIC: board.NIC{Interface: "eth0", Model: "virtio-net-pci"},
		},
		board.Board{
			Name: "virt-cloud", Machine: "virt", CPUModel: "cortex-a57", Kernel: board.CloudARM64, Console: "ttyAMA0", Memory: 512,
			Modules: []string{"virtio_blk", "virtio_net", "virtio_pci"},
			Model:   "linux,dummy-virt", CPU: "CPU part\t: 0xd07",
			Drivers: []string{"amba/rtc-pl031", "amba/uart-pl011", "pci/virtio-pci", "virtio/virtio_blk", "virtio/virtio_net"},
			RTC:     true, Disk: board.VirtioDisk("virtio-blk-pci"), NIC: board.NIC{Interface: "eth0", Model: "virtio-net-pci"},
		},
	)
}
