//go:build !qemu_select || qemu_arm

package arm

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/aspeed"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	rainierEMMC = asset.New(
		"https://kaod.org/qemu/aspeed/rainier/mmc-p10bmc-20240617.qcow2",
		"d523fb478d2b84d5adc5658d08502bc64b1486955683814f89c6137518acd90b")
	rainierDebian = asset.New(
		"http://snapshot.debian.org/archive/debian/20220606T211338Z/pool/main/l/linux/linux-image-5.17.0-2-armmp_5.17.6-1%2Bb1_armhf.deb",
		"8acb2b4439faedc2f3ed4bdb2847ad4f6e0491f73debaeb7f660c8abe4dcdc0e")
)

func TestArmAspeedRainierEMMC(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("rainier-bmc"),
		qemutest.Netdev("user"),
		qemutest.Assets(rainierEMMC),
		qemutest.Memory(1<<30),
		qemutest.Timeout(8*time.Minute))

	vm := q.VM("-drive", "file="+q.Fetch(rainierEMMC)+",if=sd,id=sd2,index=2", "-snapshot").
		AddArgs(aspeed.UserNetwork()...)
	vm.Launch()
	vm.WaitFor("U-Boot SPL 2019.04")
	vm.WaitFor("Trying to boot from MMC1")
	vm.WaitFor("U-Boot 2019.04")
	vm.WaitFor("eMMC 2nd Boot")
	vm.WaitFor("## Loading kernel from FIT Image")
	vm.WaitFor("Starting kernel ...")
	vm.WaitFor("Booting Linux on physical CPU 0xf00")
	vm.WaitFor("mmcblk0: p1 p2 p3 p4 p5 p6 p7")
	vm.WaitFor("IBM eBMC (OpenBMC for IBM Enterprise")
}

// A kernel of Debian finds the board in its device tree, and no root file
// system.
func TestArmAspeedRainierDebian(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("rainier-bmc"),
		qemutest.Assets(rainierDebian),
		qemutest.Memory(1<<30),
		qemutest.Timeout(4*time.Minute))

	const (
		kernel = "boot/vmlinuz-5.17.0-2-armmp"
		dtb    = "usr/lib/linux-image-5.17.0-2-armmp/aspeed-bmc-ibm-rainier.dtb"
	)
	dir := q.Extract(rainierDebian, kernel, dtb)
	vm := linux.Boot{
		Kernel: filepath.Join(dir, kernel),
		DTB:    filepath.Join(dir, dtb),
		Args:   []string{"-net", "nic"},
	}.VM(q).ExpectConsole("Kernel panic - not syncing")
	vm.Launch()
	vm.WaitFor("Booting Linux on physical CPU 0xf00")
	vm.WaitFor("SMP: Total of 2 processors activated")
	vm.WaitFor("No filesystem could mount root")
}
