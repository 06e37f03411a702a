//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/disk"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/uboot"
)

var (
	orangepiArmbian = asset.New(
		"https://k-space.ee.armbian.com/archive/orangepipc/archive/Armbian_23.8.1_Orangepipc_jammy_current_6.1.47.img.xz",
		"b386dff6552513b5f164ea00f94814a6b0f1da9fb90b83725e949cf797e11afb")
	orangepiUBoot = asset.New(
		"http://snapshot.debian.org/archive/debian/20200108T145233Z/pool/main/u/u-boot/u-boot-sunxi_2020.01%2Bdfsg-1_armhf.deb",
		"9223d94dc283ab54df41ce9d6f69025a5b47fece29fb67a714e23aa0cdf3bdfa")
	orangepiNetBSD = asset.New(
		"https://archive.netbsd.org/pub/NetBSD-archive/NetBSD-9.0/evbarm-earmv7hf/binary/gzimg/armv7.img.gz",
		"20d3e07dc057e15c12452620e90ecab2047f0f7940d9cba8182ebc795927177f")
)

const (
	orangepiDTB     = "sun8i-h3-orangepi-pc.dtb"
	orangepiTimeout = 540 * time.Second
)

func TestArmOrangePi(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("orangepi-pc"),
		qemutest.Timeout(orangepiTimeout),
		qemutest.Assets(sunxiDebian))

	sunxiBoot(q, orangepiDTB, "console=ttyS0,115200n8 earlycon=uart,mmio32,0x1c28000").CheckCommandLine(q)
}

func TestArmOrangePiInitrd(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("orangepi-pc"),
		qemutest.Timeout(orangepiTimeout),
		qemutest.Assets(sunxiDebian, initrdArmv7a))

	boot := sunxiBoot(q, orangepiDTB, "console=ttyS0,115200 panic=-1 noreboot")
	boot.Initrd = q.Decompress(initrdArmv7a)
	vm := boot.Launch(q)
	vm.WaitFor("Boot successful.")
	vm.Exec("cat /proc/cpuinfo", "Allwinner sun8i Family")
	vm.Exec("cat /proc/iomem", "system-control@1c00000")
	linux.Reboot(vm)
}

func TestArmOrangePiSD(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("orangepi-pc"),
		qemutest.Netdev("user"),
		qemutest.Timeout(orangepiTimeout),
		qemutest.Assets(sunxiDebian, sunxiRootFS))

	boot := sunxiBoot(q, orangepiDTB, "console=ttyS0,115200 root=/dev/mmcblk0 rootwait rw panic=-1 noreboot")
	vm := boot.VM(q).AddArgs(sdCard(disk.Grow(q, q.Decompress(sunxiRootFS)))...)
	vm.Launch()
	vm.WaitFor("/bin/sh: can't access tty; job control turned off")
	vm.Exec("cat /proc/cpuinfo", "Allwinner sun8i Family")
	vm.Exec("cat /proc/partitions", "mmcblk0")
	checkNetwork(vm)
	linux.Reboot(vm)
}

func TestArmOrangePiArmbian(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("orangepi-pc"),
		qemutest.Netdev("user"),
		qemutest.BigData(),
		qemutest.Timeout(orangepiTimeout),
		qemutest.Assets(orangepiArmbian))

	vm := q.VM("-nic", "user", "-no-reboot").AddArgs(sdCard(disk.Grow(q, q.Decompress(orangepiArmbian)))...)
	vm.Launch()
	vm.WaitFor("U-Boot SPL")
	vm.WaitFor("Autoboot in ")
	vm.InterruptUntil(" ", 200*time.Millisecond, "=>")
	uboot.Run(vm, "=>", "setenv extraargs 'printk.time=0 console=ttyS0,115200 loglevel=7 nosmp "+
		"systemd.default_timeout_start_sec=9000 systemd.mask=armbian-zram-config.service "+
		"systemd.mask=armbian-ramlog.service'")
	vm.Exec("boot", "Starting kernel ...")
	vm.WaitFor("systemd[1]: Hostname set to <orangepipc>")
	vm.WaitFor("Starting Load Kernel Modules...")
}

// U-Boot of Debian replaces the one on NetBSD's image, which has none for this
// board.
func TestArmOrangePiNetBSD(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("orangepi-pc"),
		qemutest.Netdev("user"),
		qemutest.BigData(),
		qemutest.Timeout(orangepiTimeout),
		qemutest.Assets(orangepiUBoot, orangepiNetBSD))

	image := disk.Grow(q, q.Decompress(orangepiNetBSD))
	// The boot ROM looks for the SPL at 8 KiB.
	disk.Overlay(q, image, 8<<10, q.ExtractMember(orangepiUBoot, "usr/lib/u-boot/orangepi_plus/u-boot-sunxi-with-spl.bin"))
	vm := q.VM(
		"-nic", "user",
		"-drive", "if=sd,format=raw,snapshot=on,file="+image,
		"-global", "allwinner-rtc.base-year=2000",
		"-no-reboot")
	vm.Launch()
	vm.WaitFor("U-Boot 2020.01+dfsg-1")
	vm.InterruptUntil("\r", 200*time.Millisecond, "=>", "switch to partitions #0, OK")
	uboot.Run(vm, "=>",
		"setenv bootargs root=ld0a",
		"setenv kernel netbsd-GENERIC.ub",
		"setenv fdtfile dtb/sun8i-h3-orangepi-pc.dtb",
		"setenv bootcmd 'fatload mmc 0:1 ${kernel_addr_r} ${kernel}; "+
			"fatload mmc 0:1 ${fdt_addr_r} ${fdtfile}; fdt addr ${fdt_addr_r}; "+
			"bootm ${kernel_addr_r} - ${fdt_addr_r}'")
	vm.Exec("boot", "Booting kernel from Legacy Image")
	vm.WaitFor("Starting kernel ...")
	vm.WaitFor("NetBSD 9.0 (GENERIC)")
	vm.WaitFor("Starting root file system check")
}
