//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	cubieboardSATA = asset.New(
		"https://github.com/groeck/linux-build-test/raw/2eb0a73b5d5a28df3170c546ddaaa9757e1e0848/rootfs/arm/rootfs-armv5.ext2.gz",
		"17fc750da568580b39372133051ef2f0a963c0c0b369b845614442d025701745")
	cubieboardOpenWrt = asset.New(
		"https://downloads.openwrt.org/releases/22.03.2/targets/sunxi/cortexa8/openwrt-22.03.2-sunxi-cortexa8-cubietech_a10-cubieboard-ext4-sdcard.img.gz",
		"94b5ecbfbc0b3b56276e5146b899eafa2ac5dc2d08733d6705af9f144f39f554")
)

const (
	cubieboardDTB     = "sun4i-a10-cubieboard.dtb"
	cubieboardTimeout = 360 * time.Second
)

func TestArmCubieboardInitrd(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("cubieboard"),
		qemutest.Timeout(cubieboardTimeout),
		qemutest.Assets(sunxiDebian, initrdArmv5))

	boot := sunxiBoot(q, cubieboardDTB, "console=ttyS0,115200 usbcore.nousb panic=-1 noreboot")
	boot.Initrd = q.Decompress(initrdArmv5)
	vm := boot.Launch(q)
	vm.WaitFor("Boot successful.")
	vm.Exec("cat /proc/cpuinfo", "Allwinner sun4i/sun5i")
	vm.Exec("cat /proc/iomem", "system-control@1c00000")
	linux.Reboot(vm)
}

func TestArmCubieboardSATA(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("cubieboard"),
		qemutest.Timeout(cubieboardTimeout),
		qemutest.Assets(sunxiDebian, cubieboardSATA))

	boot := sunxiBoot(q, cubieboardDTB, "console=ttyS0,115200 usbcore.nousb root=/dev/sda ro panic=-1 noreboot")
	vm := boot.VM(q).AddArgs(
		"-drive", "if=none,format=raw,id=disk0,file="+q.Decompress(cubieboardSATA),
		"-device", "ide-hd,bus=ide.0,drive=disk0")
	vm.Launch()
	vm.WaitFor("Boot successful.")
	vm.Exec("cat /proc/cpuinfo", "Allwinner sun4i/sun5i")
	vm.Exec("cat /proc/partitions", "sda")
	linux.Reboot(vm)
}

func TestArmCubieboardOpenWrt(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("cubieboard"),
		qemutest.Netdev("user"),
		qemutest.BigData(),
		qemutest.Timeout(cubieboardTimeout),
		qemutest.Assets(cubieboardOpenWrt))

	vm := bootOpenWrt(q, cubieboardOpenWrt)
	vm.Exec("cat /proc/cpuinfo", "Allwinner sun4i/sun5i")
	linux.Reboot(vm)
}
