//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/board"
	"github.com/qemutest/functional/tests/internal/board/report"
)

// The kernels and device trees are those of Debian; see package board.
//
// The clocks of the i.MX boards are not checked: QEMU 10.0 adds the seconds of
// -rtc base= to their ticks of 1/32768 s.
func TestArmLinuxBoards(t *testing.T) {
	board.Run(t, "arm",
		board.Board{
			Machine: "ast2600-evb", Kernel: board.ARMMP, DTB: "aspeed-ast2600-evb-a1.dtb", Console: "ttyS4",
			Memory: 1024, FixedMemory: true, CPUs: 2, FixedCPUs: true,
			Modules: []string{"mdio-aspeed", "ftgmac100", "gpio-aspeed", "i2c-aspeed", "lm75", "mmc_block", "rtc-aspeed", "sdhci-of-aspeed"},
			Model:   "AST2600 A1 EVB", CPU: "CPU part\t: 0xc07",
			Drivers: []string{
				"i2c/lm75", "mmc/mmcblk", "platform/aspeed-i2c-bus", "platform/aspeed-rtc", "platform/ftgmac100",
				"platform/gpio_aspeed", "platform/mdio-aspeed", "platform/sdhci-aspeed",
			},
			Disk: board.Disk{Device: "mmcblk?", Drive: "if=sd,index=2"}, NIC: board.NIC{Interface: "eth0"},
			I2C:      board.I2C{Adapter: "1e78a180.i2c-bus", Bus: "aspeed.i2c.bus.2"},
			GPIO:     board.GPIO{Chip: "1e780000.gpio", Lines: 208, Line: 40, Path: "/machine/soc/gpio", Property: "gpioF0"},
			Watchdog: "aspeed_wdt", End: report.Watchdog,
		},
		// QEMU's model of the NIC cuts frames that are in several buffers, as
		// Linux sends all that have data: no TCP connection gets further than
		// its handshake.
		board.Board{
			Machine: "highbank", Kernel: board.ARMMP, DTB: "highbank.dtb", Console: "ttyAMA0", Memory: 512,
			Modules: []string{"sata_highbank", "sd_mod", "xgmac"},
			Model:   "Calxeda Highbank", CPU: "CPU part\t: 0xc09",
			Drivers: []string{"amba/rtc-pl031", "amba/uart-pl011", "platform/calxedaxgmac", "platform/highbank-ahci", "scsi/sd"},
			RTC:     true, Disk: sataDisk,
		},
		board.Board{
			Machine: "midway", Kernel: board.ARMMP, DTB: "ecx-2000.dtb", Console: "ttyAMA0", Memory: 1024,
			Modules: []string{"sata_highbank", "sd_mod", "xgmac"},
			Model:   "Calxeda ECX-2000", CPU: "CPU part\t: 0xc0f",
			Drivers: []string{"amba/rtc-pl031", "amba/uart-pl011", "platform/calxedaxgmac", "platform/highbank-ahci", "scsi/sd"},
			RTC:     true, Disk: sataDisk,
		},
		board.Board{
			Machine: "fuji-bmc", Kernel: board.ARMMP, DTB: "aspeed-bmc-facebook-fuji.dtb", Console: "ttyS0",
			Memory: 2048, FixedMemory: true, CPUs: 2, FixedCPUs: true,
			Modules: []string{"ehci-platform", "gpio-aspeed", "i2c-aspeed", "i2c-mux-pca954x", "mdio-aspeed", "sd_mod", "usb-storage"},
			Model:   "Facebook Fuji BMC", CPU: "CPU part\t: 0xc07",
			Drivers: []string{
				"i2c/pca954x", "platform/aspeed-i2c-bus", "platform/aspeed_wdt", "platform/ehci-platform", "platform/gpio_aspeed",
				"platform/mdio-aspeed", "scsi/sd", "usb/usb-storage",
			},
			Disk:     usbDisk("usb-bus.1"),
			I2C:      board.I2C{Adapter: "1e78a080.i2c-bus", Bus: "aspeed.i2c.bus.0"},
			Watchdog: "aspeed_wdt", End: report.Watchdog,
		},
		board.Board{
			Machine: "qcom-dc-scm-v1-bmc", Kernel: board.ARMMP, DTB: "aspeed-bmc-qcom-dc-scm-v1.dtb", Console: "ttyS4",
			Memory: 1024, FixedMemory: true, CPUs: 2, FixedCPUs: true,
			Modules: []string{"ftgmac100", "gpio-aspeed", "i2c-aspeed"},
			Model:   "Qualcomm DC-SCM V1 BMC", CPU: "CPU part\t: 0xc07",
			Drivers:  []string{"platform/aspeed-i2c-bus", "platform/aspeed_wdt", "platform/ftgmac100", "platform/gpio_aspeed"},
			I2C:      board.I2C{Adapter: "1e78a800.i2c-bus", Bus: "aspeed.i2c.bus.15"},
			Watchdog: "aspeed_wdt", End: report.Watchdog,
		},
		// No network: Linux was seen to spin for a lock of its NC-SI when it
		// used it.
		board.Board{
			Machine: "rainier-bmc", Kernel: board.ARMMP, DTB: "aspeed-bmc-ibm-rainier.dtb", Console: "ttyS4",
			Memory: 1024, FixedMemory: true, CPUs: 2, FixedCPUs: true,
			Modules: []string{"ehci-platform", "ftgmac100", "gpio-aspeed", "i2c-aspeed", "i2c-mux-pca954x", "lm75", "max31785", "sd_mod", "tmp421", "usb-storage"},
			Model:   "Rainier 2U", CPU: "CPU part\t: 0xc07",
			Drivers: []string{
				"i2c/lm75", "i2c/max31785", "i2c/pca954x", "i2c/tmp421", "platform/aspeed-i2c-bus", "platform/aspeed_wdt",
				"platform/ftgmac100", "platform/gpio_aspeed", "scsi/sd",
			},
			Disk:     usbDisk("usb-bus.1"),
			I2C:      board.I2C{Adapter: "1e78a180.i2c-bus", Bus: "aspeed.i2c.bus.2"},
			Watchdog: "aspeed_wdt", End: report.Watchdog,
		},
		board.Board{
			Machine: "raspi2b", Kernel: board.ARMMP, DTB: "bcm2836-rpi-2-b.dtb", Console: "ttyAMA0",
			Memory: 1024, FixedMemory: true, CPUs: 4, FixedCPUs: true,
			Modules: []string{"bcm2835", "bcm2835-rng", "bcm2835_thermal", "bcm2835_wdt", "dwc2",
				"i2c-bcm2835", "mmc_block", "phy-generic"},
			Model: "Raspberry Pi 2 Model B", CPU: "CPU part\t: 0xc07",
			Drivers: bcm2835Drivers,
			Disk:    board.SDCard("mmcblk?"),
			I2C:     board.I2C{Adapter: "3f804000.i2c", Bus: "i2c-bus.1"}, GPIO: board.GPIO{Chip: "pinctrl-bcm2835", Lines: 54, Line: 17},
			Watchdog: "Broadcom BCM2835 Watchdog timer",
			Before:   []board.Before{{Major: 9, Minor: 0, Lacks: "I2C", Change: withoutI2C}},
		},
		bcm2835("raspi0", "bcm2835-rpi-zero.dtb", "Raspberry Pi Zero"),
		bcm2835("raspi1ap", "bcm2835-rpi-a-plus.dtb", "Raspberry Pi Model A+"),
		board.Board{
			Machine: "bletchley-bmc", Kernel: board.ARMMP, DTB: "aspeed-bmc-facebook-bletchley.dtb", Console: "ttyS4",
			Memory: 2048, FixedMemory: true, CPUs: 2, FixedCPUs: true,
			Modules: []string{"ehci-platform", "ftgmac100", "gpio-aspeed", "gpio-pca953x", "i2c-aspeed", "mdio-aspeed", "sd_mod", "tmp421", "usb-storage"},
			Model:   "Facebook Bletchley BMC", CPU: "CPU part\t: 0xc07",
			Drivers: []string{
				"i2c/pca953x", "i2c/tmp421", "platform/aspeed-i2c-bus", "platform/aspeed_wdt", "platform/ehci-platform", "platform/ftgmac100",
				"platform/gpio_aspeed", "scsi/sd", "usb/usb-storage",
			},
			Disk: usbDisk("usb-bus.0"), NIC: board.NIC{Interface: "eth0"},
			I2C:      board.I2C{Adapter: "1e78a580.i2c-bus", Bus: "aspeed.i2c.bus.10"},
			Watchdog: "aspeed_wdt", End: report.Watchdog,
		},
		board.Board{
			Machine: "bpim2u", Kernel: board.ARMMP, DTB: "sun8i-r40-bananapi-m2-ultra.dtb", Console: "ttyS0",
			Memory: 1024, CPUs: 4, FixedCPUs: true, LateCPUs: true,
			Modules: []string{"axp20x-regulator", "dwmac-sun8i", "ehci-platform", "i2c-mv64xxx", "mmc_block", "nvmem_sunxi_sid",
				"ohci-platform", "phy-sun4i-usb", "sunxi-mmc", "sunxi_wdt"},
			Model: "Banana Pi BPI-M2-Ultra", CPU: "CPU part\t: 0xc07",
			Drivers: []string{
				"i2c/axp20x-i2c", "mmc/mmcblk", "platform/axp20x-regulator", "platform/dwmac-sun8i", "platform/ehci-platform",
				"platform/mv64xxx_i2c", "platform/sunxi-mmc", "platform/sunxi-wdt",
			},
			Disk: board.SDCard("mmcblk?"), NIC: board.NIC{Interface: "eth0"},
			I2C:      board.I2C{Adapter: "1c2ac00.i2c", Bus: "i2c"},
			Watchdog: "sunxi-wdt", End: report.Watchdog,
		},
		board.Board{
			Machine: "cubieboard", Kernel: board.ARMMP, DTB: "sun4i-a10-cubieboard.dtb", Console: "ttyS0",
			Memory:  1024,
			Modules: []string{"ahci_sunxi", "i2c-mv64xxx", "mdio-sun4i", "mmc_block", "nvmem_sunxi_sid", "sd_mod", "sun4i-emac", "sunxi-mmc", "sunxi_wdt"},
			Model:   "Cubietech Cubieboard", CPU: "CPU part\t: 0xc08",
			Drivers: []string{
				"platform/ahci-sunxi", "platform/mv64xxx_i2c", "platform/sun4i-emac", "platform/sunxi-mmc", "platform/sunxi-rtc",
				"platform/sunxi-wdt", "scsi/sd",
			},
			RTC: true, Disk: sataDisk, NIC: board.NIC{Interface: "eth0"},
			I2C:      board.I2C{Adapter: "1c2ac00.i2c", Bus: "i2c"},
			Watchdog: "sunxi-wdt", Halts: true,
			Before: []board.Before{
				{Major: 8, Minor: 1, Lacks: "I2C", Change: withoutI2C},
			},
		},
		board.Board{
			Machine: "orangepi-pc", Kernel: board.ARMMP, DTB: "sun8i-h3-orangepi-pc.dtb", Console: "ttyS0",
			Memory: 1024, CPUs: 4, FixedCPUs: true, LateCPUs: true,
			Modules: []string{"dwmac-sun8i", "ehci-platform", "mmc_block", "nvmem_sunxi_sid", "ohci-platform", "phy-sun4i-usb", "sunxi-mmc", "sunxi_wdt"},
			Model:   "Xunlong Orange Pi PC", CPU: "CPU part\t: 0xc07",
			Drivers: []string{
				"mmc/mmcblk", "platform/dwmac-sun8i", "platform/ehci-platform", "platform/ohci-platform", "platform/sun6i-rtc",
				"platform/sunxi-mmc", "platform/sunxi-wdt",
			},
			RTC: true, Disk: board.SDCard("mmcblk?"), NIC: board.NIC{Interface: "eth0"},
			Watchdog: "sunxi-wdt", End: report.Watchdog,
			Before: []board.Before{{Major: 8, Minor: 1, Lacks: "watchdog", Change: withoutWatchdog}},
		},
		board.Board{
			Machine: "mcimx6ul-evk", Kernel: board.ARMMP, DTB: "imx6ul-14x14-evk.dtb", Console: "ttymxc0", Memory: 512,
			Modules: []string{"ci_hdrc_imx", "fec", "gpio-mxc", "i2c-imx", "imx2_wdt", "mmc_block", "phy-mxs-usb", "sdhci-esdhc-imx"},
			Model:   "Freescale i.MX6 UltraLite 14x14 EVK Board", CPU: "CPU part\t: 0xc07",
			Drivers: []string{
				"mmc/mmcblk", "platform/fec", "platform/gpio-mxc", "platform/imx-i2c", "platform/imx_usb", "platform/imx2-wdt",
				"platform/sdhci-esdhc-imx",
			},
			Disk: board.SDCard("mmcblk?"), NIC: board.NIC{Interface: "eth1"},
			I2C:      board.I2C{Adapter: "21a0000.i2c", Bus: "i2c-bus.0"},
			GPIO:     board.GPIO{Chip: "209c000.gpio", Lines: 32, Line: 28},
			Watchdog: "imx2+ watchdog",
			Before: []board.Before{
				imxI2C,
				{Major: 10, Minor: 0, Lacks: "answer to the packets of this NIC", Change: func(b *board.Board) { b.NIC = board.NIC{} }},
			},
		},
		board.Board{
			Machine: "mcimx7d-sabre", Kernel: board.ARMMP, DTB: "imx7d-sdb.dtb", Console: "ttymxc0", Memory: 512, CPUs: 2, LateCPUs: true,
			Modules: []string{"gpio-mxc", "i2c-imx", "imx2_wdt", "mmc_block", "sdhci-esdhc-imx"},
			Model:   "Freescale i.MX7 SabreSD Board", CPU: "CPU part\t: 0xc07",
			Drivers: []string{
				"mmc/mmcblk", "platform/gpio-mxc", "platform/imx-i2c", "platform/imx2-wdt", "platform/sdhci-esdhc-imx",
			},
			Disk:     board.SDCard("mmcblk?"),
			I2C:      board.I2C{Adapter: "30a20000.i2c", Bus: "i2c-bus.0"},
			GPIO:     board.GPIO{Chip: "30200000.gpio", Lines: 32, Line: 20},
			Watchdog: "imx2+ watchdog",
			Before:   []board.Before{imxI2C},
		},
		board.Board{
			Machine: "sabrelite", Kernel: board.ARMMP, DTB: "imx6q-sabrelite.dtb", Console: "ttymxc1", Port: 1, Memory: 1024, CPUs: 2, LateCPUs: true,
			Modules: []string{"ci_hdrc_imx", "fec", "gpio-mxc", "i2c-imx", "imx2_wdt", "phy-mxs-usb", "sd_mod", "sdhci-esdhc-imx", "usb-storage"},
			Model:   "Freescale i.MX6 Quad SABRE Lite Board", CPU: "CPU part\t: 0xc09",
			Drivers: []string{
				"platform/fec", "platform/gpio-mxc", "platform/imx-i2c", "platform/imx_usb", "platform/imx2-wdt",
				"platform/sdhci-esdhc-imx", "scsi/sd", "usb/usb-storage",
			},
			Disk: usbDisk("usb-bus.1"), NIC: board.NIC{Interface: "eth0"},
			I2C:      board.I2C{Adapter: "21a0000.i2c", Bus: "i2c-bus.0"},
			GPIO:     board.GPIO{Chip: "209c000.gpio", Lines: 32, Line: 1},
			Watchdog: "imx2+ watchdog", Halts: true,
			Before: []board.Before{imxI2C},
		},
		board.Board{
			Machine: "smdkc210", Kernel: board.ARMMP, DTB: "exynos4210-smdkv310.dtb", Console: "ttySAC0",
			Memory: 1024, CPUs: 2, FixedCPUs: true, LateCPUs: true,
			Modules: []string{"mmc_block", "sdhci-s3c"},
			Model:   "Samsung smdkv310 evaluation board based on Exynos4210", CPU: "CPU part\t: 0xc09",
			Drivers: []string{
				"amba/dma-pl330", "mmc/mmcblk", "platform/exynos-chipid", "platform/exynos-pmu", "platform/s3c-i2c",
				"platform/s3c-sdhci", "platform/samsung-uart",
			},
			Disk: board.Disk{Device: "mmcblk?", Drive: "if=sd,index=2"},
		},
		board.Board{
			Machine: "vexpress-a15", Kernel: board.ARMMP, DTB: "vexpress-v2p-ca15-tc1.dtb", Console: "ttyAMA0", Memory: 1024, CPUs: 2, LateCPUs: true,
			Modules: vexpressModules,
			Model:   "V2P-CA15", CPU: "CPU part\t: 0xc0f",
			Drivers: vexpressDrivers,
			RTC:     true, Disk: board.VirtioDisk("virtio-blk-device"), NIC: board.NIC{Interface: "eth0"},
			I2C:  board.I2C{Adapter: "1c160000.i2c", Bus: "i2c", Address: 0x57}, // a display's EDID is at 0x50
			GPIO: vexpressLED,
		},
		board.Board{
			Machine: "vexpress-a9", Kernel: board.ARMMP, DTB: "vexpress-v2p-ca9.dtb", Console: "ttyAMA0", Memory: 1024, CPUs: 2,
			Modules: vexpressModules,
			Model:   "V2P-CA9", CPU: "CPU part\t: 0xc09",
			Drivers: vexpressDrivers,
			RTC:     true, Disk: board.VirtioDisk("virtio-blk-device"), NIC: board.NIC{Interface: "eth0"},
			I2C:  board.I2C{Adapter: "10016000.i2c", Bus: "i2c", Address: 0x57},
			GPIO: vexpressLED,
		},
		board.Board{
			Machine: "virt", Kernel: board.ARMMP, Console: "ttyAMA0", Memory: 512, CPUs: 2, LateCPUs: true,
			Modules: []string{"virtio_blk", "virtio_mmio", "virtio_net"},
			Model:   "linux,dummy-virt", CPU: "CPU part\t: 0xc0f",
			Drivers: []string{"amba/pl061_gpio", "amba/rtc-pl031", "amba/uart-pl011", "platform/virtio-mmio", "virtio/virtio_blk", "virtio/virtio_net"},
			RTC:     true, Disk: board.VirtioDisk("virtio-blk-device"), NIC: board.NIC{Interface: "eth0", Model: "virtio-net-device"},
			GPIO: board.GPIO{Chip: "9030000.pl061", Lines: 8},
		},
		board.Board{
			Name: "virt-lpae", Machine: "virt", Kernel: board.ARMMPLPAE, Console: "ttyAMA0", Memory: 512, CPUs: 2, LateCPUs: true,
			Modules: []string{"virtio_blk", "virtio_net", "virtio_pci"},
			Model:   "linux,dummy-virt", CPU: "CPU part\t: 0xc0f",
			Drivers: []string{"amba/pl061_gpio", "amba/rtc-pl031", "amba/uart-pl011", "pci/virtio-pci", "virtio/virtio_blk", "virtio/virtio_net"},
			RTC:     true, Disk: board.VirtioDisk("virtio-blk-pci"), NIC: board.NIC{Interface: "eth0", Model: "virtio-net-pci"},
			GPIO: board.GPIO{Chip: "9030000.pl061", Lines: 8},
		},
	)
}

// bcm2835Drivers are those of the chip, and of the later one on raspi2b.
var bcm2835Drivers = []string{
	"platform/bcm2835-dma", "platform/bcm2835-mbox", "platform/bcm2835-rng", "platform/bcm2835-wdt",
	"platform/bcm2835_thermal", "platform/dwc2", "platform/i2c-bcm2835", "platform/sdhost-bcm2835",
}

// bcm2835 is a Raspberry Pi of the first generation. Linux 6.1 and later look for
// the bridge that powers parts of the chip, which QEMU lacks: its driver would end
// the kernel with an external abort.
//
// Time is counted in instructions because Linux sets the timer to a count that is
// some microseconds ahead. When QEMU is kept from running just then, the count has
// passed, and the chip's next chance is the counter's wrap an hour later.
func bcm2835(machine, dtb, model string) board.Board {
	return board.Board{
		Machine: machine, Kernel: board.RPi, DTB: dtb, Console: "ttyAMA0",
		Append: "initcall_blacklist=bcm2835_power_driver_init",
		Args:   []string{"-icount", "shift=3"},
		Memory: 512, FixedMemory: true,
		Modules: []string{"bcm2835_rng"},
		Model:   model, CPU: "CPU part\t: 0xb76",
		Drivers: bcm2835Drivers,
		Disk:    board.SDCard("mmcblk?"),
		I2C:     board.I2C{Adapter: "20804000.i2c", Bus: "i2c-bus.1"}, GPIO: board.GPIO{Chip: "pinctrl-bcm2835", Lines: 54, Line: 17},
		Watchdog: "Broadcom BCM2835 Watchdog timer",
		Before:   []board.Before{{Major: 9, Minor: 0, Lacks: "I2C", Change: withoutI2C}},
	}
}

// imxI2C leaves I2C out on older versions. On 7.2 Linux needs a minute to write
// the EEPROM, on 10.0 a second; what is between was not tried.
var imxI2C = board.Before{Major: 10, Minor: 0, Lacks: "I2C that ends a write at once", Change: withoutI2C}

// sataDisk is a disk at the board's AHCI controller.
var sataDisk = board.Disk{Device: "sda", Drive: "if=none,id=disk0", Args: []string{"-device", "ide-hd,drive=disk0"}}

// usbDisk is a disk at one of the board's USB controllers.
func usbDisk(bus string) board.Disk {
	return board.Disk{Device: "sda", Drive: "if=none,id=disk0", Args: []string{"-device", "usb-storage,drive=disk0,bus=" + bus}}
}

func withoutI2C(b *board.Board) { b.I2C = board.I2C{} }

// withoutWatchdog has the guest halt instead: there is no other way to end these
// machines.
func withoutWatchdog(b *board.Board) { b.End, b.Halts = report.PowerOff, true }

// What the Versatile Express boards have in common. The kernel has no driver for
// their MMC controller, but a disk fits the virtio transports that QEMU adds.
var (
	vexpressModules = []string{"i2c-versatile", "smsc911x", "virtio_blk", "virtio_mmio"}
	vexpressDrivers = []string{
		"amba/rtc-pl031", "amba/uart-pl011", "platform/smsc911x", "platform/versatile-i2c", "platform/vexpress-sysreg",
		"platform/virtio-mmio", "virtio/virtio_blk",
	}
	vexpressLED = board.GPIO{Chip: "sys_led", Lines: 8, Line: 7}
)
