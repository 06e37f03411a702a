//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/disk"
	"github.com/qemutest/functional/tests/internal/linux"
)

var bpim2uOpenWrt = asset.New(
	"https://downloads.openwrt.org/releases/22.03.3/targets/sunxi/cortexa7/openwrt-22.03.3-sunxi-cortexa7-sinovoip_bananapi-m2-ultra-ext4-sdcard.img.gz",
	"5b41b4e11423e562c6011640f9a7cd3bdd0a3d42b83430f7caa70a432e6cd82c")

const (
	bpim2uDTB     = "sun8i-r40-bananapi-m2-ultra.dtb"
	bpim2uTimeout = 500 * time.Second
)

func TestArmBPIM2U(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("bpim2u"),
		qemutest.Timeout(bpim2uTimeout),
		qemutest.Assets(sunxiDebian))

	sunxiBoot(q, bpim2uDTB, "console=ttyS0,115200n8 earlycon=uart,mmio32,0x1c28000").CheckCommandLine(q)
}

func TestArmBPIM2UInitrd(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("bpim2u"),
		qemutest.Timeout(bpim2uTimeout),
		qemutest.Assets(sunxiDebian, initrdArmv7a))

	boot := sunxiBoot(q, bpim2uDTB, "console=ttyS0,115200 panic=-1 noreboot")
	boot.Initrd = q.Decompress(initrdArmv7a)
	vm := boot.Launch(q)
	vm.WaitFor("Boot successful.")
	vm.Exec("cat /proc/cpuinfo", "Allwinner sun8i Family")
	vm.Exec("cat /proc/iomem", "system-control@1c00000")
	linux.Reboot(vm)
}

func TestArmBPIM2UGMAC(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("bpim2u"),
		qemutest.Netdev("user"),
		qemutest.Timeout(bpim2uTimeout),
		qemutest.Assets(sunxiDebian, sunxiRootFS))

	// Block device 179:0 is the SD card, whatever name it gets.
	boot := sunxiBoot(q, bpim2uDTB, "console=ttyS0,115200 root=b300 rootwait rw panic=-1 noreboot")
	vm := boot.VM(q).
		AddArgs(sdCard(disk.Grow(q, q.Decompress(sunxiRootFS)))...).
		AddArgs("-net", "nic,model=gmac,netdev=host_gmac", "-netdev", "user,id=host_gmac")
	vm.Launch()
	vm.WaitFor("/bin/sh: can't access tty; job control turned off")
	vm.Exec("cat /proc/cpuinfo", "Allwinner sun8i Family")
	vm.Exec("cat /proc/partitions", "mmcblk")
	checkNetwork(vm)
	linux.Reboot(vm)
}

func TestArmBPIM2UOpenWrt(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("bpim2u"),
		qemutest.Netdev("user"),
		qemutest.BigData(),
		qemutest.Timeout(bpim2uTimeout),
		qemutest.Assets(bpim2uOpenWrt))

	vm := bootOpenWrt(q, bpim2uOpenWrt)
	vm.Exec("cat /proc/cpuinfo", "Allwinner sun8i Family")
	vm.Exec("cat /proc/iomem", "system-control@1c00000")
}
