//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	raspi4Kernel = asset.New(
		"http://archive.raspberrypi.org/debian/pool/main/r/raspberrypi-firmware/raspberrypi-kernel_1.20230106-1_arm64.deb",
		"56d5713c8f6eee8a0d3f0e73600ec11391144fef318b08943e9abd94c0a9baf7")
	raspi4Initrd = asset.New(
		"https://github.com/groeck/linux-build-test/raw/86b2be1384d41c8c388e63078a847f1e1c4cb1de/rootfs/arm64/rootfs.cpio.gz",
		"7c0b16d1853772f6f4c3ca63e789b3b9ff4936efac9c8a01fb0c98c05c7a7648")
)

const raspi4Timeout = 480 * time.Second

func TestAarch64Raspi4(t *testing.T) {
	q := qemutest.New(t, "aarch64",
		qemutest.Machine("raspi4b"),
		qemutest.Memory(2560<<20),
		qemutest.Timeout(raspi4Timeout),
		qemutest.Assets(raspi4Kernel))

	boot := raspi4Boot(q, "root=/dev/mmcblk1p2 rootwait dwc_otg.fiq_fsm_enable=0")
	vm := boot.Launch(q)
	vm.WaitFor("Kernel command line: " + boot.CommandLine())
	vm.WaitFor("Waiting for root device")
}

func TestAarch64Raspi4Initrd(t *testing.T) {
	q := qemutest.New(t, "aarch64",
		qemutest.Machine("raspi4b"),
		qemutest.Memory(2560<<20),
		qemutest.Timeout(raspi4Timeout),
		qemutest.Assets(raspi4Kernel, raspi4Initrd))

	boot := raspi4Boot(q, "panic=-1 noreboot dwc_otg.fiq_fsm_enable=0")
	boot.Initrd = q.Decompress(raspi4Initrd)
	boot.Args = []string{"-no-reboot"}
	vm := boot.Launch(q)
	vm.WaitFor("Boot successful.")
	vm.Exec("cat /proc/cpuinfo", "BCM2835")
	vm.Exec("cat /proc/iomem", "cprman@7e101000")
	// Unlike raspi2b, this machine does not turn itself off.
	vm.Exec("halt", "reboot: System halted")
}

// raspi4Boot returns the boot of the Raspberry Pi's kernel from raspi4Kernel.
func raspi4Boot(q *qemutest.Test, commandLine string) linux.Boot {
	const kernel, dtb = "boot/kernel8.img", "boot/bcm2711-rpi-4-b.dtb"
	dir := q.Extract(raspi4Kernel, kernel, dtb)
	return linux.Boot{
		Kernel: filepath.Join(dir, kernel),
		DTB:    filepath.Join(dir, dtb),
		Append: "earlycon=pl011,mmio32,0xfe201000 console=ttyAMA0,115200 " + commandLine,
	}
}
