//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"strings"
	"testing"

	"github.com/qemutest/functional/tests/internal/board"
)

// The kernels and device trees are those of Debian; see package board.
func TestAarch64LinuxBoards(t *testing.T) {
	board.Run(t, "aarch64",
		board.Board{
			Machine: "imx8mp-evk", Kernel: board.ARM64, DTB: "freescale/imx8mp-evk.dtb", Console: "ttymxc1", Port: 1,
			Memory: 1024, CPUs: 2,
			Modules: []string{"gpio-mxc", "i2c-imx", "imx2_wdt", "mmc_block", "fec", "nvmem-imx-ocotp", "rtc-snvs", "sdhci-esdhc-imx"},
			Model:   "NXP i.MX8MPlus EVK board", CPU: "CPU part\t: 0xd03",
			Drivers: []string{
				"mmc/mmcblk", "platform/fec", "platform/gpio-mxc", "platform/imx-i2c", "platform/imx2-wdt",
				"platform/sdhci-esdhc-imx", "platform/snvs_rtc",
			},
			Disk: board.Disk{Device: "mmcblk2", Drive: "if=sd,bus=2"}, NIC: board.NIC{Interface: "eth0"},
			I2C:      board.I2C{Adapter: "30a20000.i2c", Bus: "i2c-bus.0"},
			GPIO:     board.GPIO{Chip: "30200000.gpio", Lines: 32, Line: 20},
			Watchdog: "imx2+ watchdog",
		},
		// Linux's driver of the power domains meets registers that are not there.
		bcm2837("raspi3ap", "broadcom/bcm2837-rpi-3-a-plus.dtb", "Raspberry Pi 3 Model A+", 512, "initcall_blacklist=bcm2835_power_driver_init"),
		bcm2837("raspi3b", "broadcom/bcm2837-rpi-3-b.dtb", "Raspberry Pi 3 Model B", 1024, ""),
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
		board.Board{
			Machine: "xlnx-versal-virt", Kernel: board.ARM64, Console: "ttyAMA0", Memory: 2048, CPUs: 2, FixedCPUs: true,
			Modules: []string{"macb", "sdhci-of-arasan", "virtio_blk", "virtio_mmio"},
			Model:   "Xilinx Versal Virtual development board", CPU: "CPU part\t: 0xd08",
			Drivers: []string{
				"platform/macb", "platform/sbsa-uart", "platform/sdhci-arasan", "platform/virtio-mmio", "virtio/virtio_blk",
			},
			Disk: board.VirtioDisk("virtio-blk-device"), NIC: board.NIC{Interface: "eth0"},
		},
	)
}

// bcm2837 is a board with that system on a chip; more goes on the kernel's
// command line. It has no network: on a busy
// host usb-net sometimes stays unseen by dwc2, here and on raspi2b.
func bcm2837(machine, dtb, model string, memory int64, more string) board.Board {
	return board.Board{
		Machine: machine, Kernel: board.ARM64, DTB: dtb,
		Append: strings.TrimSpace("earlycon=pl011,0x3f201000 " + more), Console: "ttyAMA0",
		Memory: memory, FixedMemory: true, CPUs: 4, FixedCPUs: true,
		Modules: []string{"bcm2835", "bcm2835-rng", "bcm2835_thermal", "bcm2835_wdt", "dwc2",
			"i2c-bcm2835", "mmc_block", "phy-generic"},
		Model: model, CPU: "CPU part\t: 0xd03",
		Drivers: []string{
			"platform/bcm2835-dma", "platform/bcm2835-mbox", "platform/bcm2835-rng", "platform/bcm2835-wdt",
			"platform/bcm2835_thermal", "platform/dwc2", "platform/i2c-bcm2835", "platform/sdhost-bcm2835",
		},
		Disk:     board.SDCard("mmcblk0"),
		Watchdog: "Broadcom BCM2835 Watchdog timer",
	}
}
