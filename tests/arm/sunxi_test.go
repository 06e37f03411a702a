//go:build !qemu_select || qemu_arm

package arm

import (
	"path/filepath"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/disk"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/uboot"
)

// What the boards with Allwinner SoCs (bpim2u, cubieboard, orangepi-pc) share.
var (
	sunxiDebian = asset.New(
		"https://apt.armbian.com/pool/main/l/linux-6.6.16/linux-image-current-sunxi_24.2.1_armhf__6.6.16-Seb3e-D6b4a-P2359-Ce96bHfe66-HK01ba-V014b-B067e-R448a.deb",
		"3d968c15b121ede871dce49d13ee7644d6f74b6b121b84c9a40f51b0c80d6d22")
	sunxiRootFS = asset.New(
		"http://storage.kernelci.org/images/rootfs/buildroot/buildroot-baseline/20230703.0/armel/rootfs.ext2.xz",
		"42b44a12965ac0afe9a88378527fb698a7dc76af50495efc2361ee1595b4e5c6")
)

// Root file systems whose init prints "Boot successful." and starts a shell.
var (
	initrdArmv5 = asset.New(
		"https://github.com/groeck/linux-build-test/raw/2eb0a73b5d5a28df3170c546ddaaa9757e1e0848/rootfs/arm/rootfs-armv5.cpio.gz",
		"334b8d256db67a3f2b3ad070aa08b5ade39624e0e7e35b02f4359a577bc8f39b")
	initrdArmv7a = asset.New(
		"https://github.com/groeck/linux-build-test/raw/2eb0a73b5d5a28df3170c546ddaaa9757e1e0848/rootfs/arm/rootfs-armv7a.cpio.gz",
		"2c8dbdb16ea7af2dfbcbea96044dde639fb07d09fd3c4fb31f2027ef71e55ddd")
)

// sunxiBoot returns the boot of Armbian's kernel with the device tree of a
// board, from sunxiDebian.
func sunxiBoot(q *qemutest.Test, dtb, commandLine string) linux.Boot {
	const (
		kernel = "boot/vmlinuz-6.6.16-current-sunxi"
		dtbs   = "usr/lib/linux-image-6.6.16-current-sunxi/"
	)
	dir := q.Extract(sunxiDebian, kernel, dtbs+dtb)
	return linux.Boot{
		Kernel: filepath.Join(dir, kernel),
		DTB:    filepath.Join(dir, dtbs+dtb),
		Append: commandLine,
		Args:   []string{"-no-reboot"},
	}
}

// sdCard returns the arguments that put an image into the slot for SD cards.
func sdCard(image string) []string {
	return []string{"-drive", "if=sd,format=raw,file=" + image}
}

// bootOpenWrt boots an OpenWrt image from the SD card, stops at U-Boot to
// change the kernel's command line, and goes on to the shell.
func bootOpenWrt(q *qemutest.Test, image *asset.Asset) *qemutest.VM {
	vm := q.VM("-nic", "user", "-no-reboot").AddArgs(sdCard(disk.Grow(q, q.Decompress(image)))...)
	vm.Launch()
	vm.WaitFor("U-Boot SPL")
	uboot.StopAutoboot(vm, "=>")
	uboot.Run(vm, "=>", "setenv extraargs 'printk.time=0 usbcore.nousb noreboot'")
	vm.Exec("boot", "Starting kernel ...")
	vm.WaitFor("Please press Enter to activate this console.")
	vm.Exec("", "root@")
	return vm
}

// checkNetwork brings up the network interface of a board, and reaches the
// host.
func checkNetwork(vm *qemutest.VM) {
	vm.Exec("ifconfig eth0 up", "eth0: Link is Up")
	vm.Exec("udhcpc eth0", "udhcpc: lease of 10.0.2.15 obtained")
	vm.Exec("ping -c 3 10.0.2.2", "3 packets transmitted, 3 packets received, 0% packet loss")
}
