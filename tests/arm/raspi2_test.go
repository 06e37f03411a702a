//go:build !qemu_select || qemu_arm

package arm

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var raspi2Kernel = asset.New(
	"http://archive.raspberrypi.org/debian/pool/main/r/raspberrypi-firmware/raspberrypi-kernel_1.20190215-1_armhf.deb",
	"9f1759f7228113da24f5ee2aa6312946ec09a83e076aba9406c46ff776dfb291")

const raspi2Timeout = 120 * time.Second

func TestArmRaspi2UART0(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("raspi2b"),
		qemutest.Timeout(raspi2Timeout),
		qemutest.Assets(raspi2Kernel))

	boot := raspi2Boot(q, "root=/dev/mmcblk0p2 rootwait dwc_otg.fiq_fsm_enable=0")
	boot.Args = []string{"-device", "usb-kbd"}
	vm := boot.Launch(q)
	vm.WaitFor("Kernel command line: " + boot.CommandLine())
	vm.WaitFor("Product: QEMU USB Keyboard")
}

func TestArmRaspi2Initrd(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("raspi2b"),
		qemutest.Timeout(raspi2Timeout),
		qemutest.Assets(raspi2Kernel, initrdArmv7a))

	boot := raspi2Boot(q, "panic=-1 noreboot dwc_otg.fiq_fsm_enable=0")
	boot.Initrd = q.Decompress(initrdArmv7a)
	boot.Args = []string{"-no-reboot"}
	vm := boot.Launch(q)
	vm.WaitFor("Boot successful.")
	vm.Exec("cat /proc/cpuinfo", "BCM2835")
	vm.Exec("cat /proc/iomem", "/soc/cprman@7e101000")
	linux.Halt(vm)
}

// raspi2Boot returns the boot of the Raspberry Pi's kernel from raspi2Kernel, on
// the first UART.
func raspi2Boot(q *qemutest.Test, commandLine string) linux.Boot {
	const kernel, dtb = "boot/kernel7.img", "boot/bcm2709-rpi-2-b.dtb"
	dir := q.Extract(raspi2Kernel, kernel, dtb)
	return linux.Boot{
		Kernel: filepath.Join(dir, kernel),
		DTB:    filepath.Join(dir, dtb),
		Append: "earlycon=pl011,0x3f201000 console=ttyAMA0 " + commandLine,
	}
}
