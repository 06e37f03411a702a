//go:build !qemu_select || qemu_riscv64

package riscv64

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var groeckDisk = asset.New(
	"https://github.com/groeck/linux-build-test/raw/9819da19e6eef291686fdd7b029ea00e764dc62f/rootfs/riscv64/rootfs.ext2.gz",
	"b6ed95610310b7956f9bf20c4c9c0c05fea647900df441da9dfe767d24e8b28b")

// The root file system is on an SD card, which hangs on the SPI bus.
func TestRISCV64SiFiveULinuxSD(t *testing.T) {
	q := qemutest.New(t, "riscv64",
		qemutest.Machine("sifive_u"),
		qemutest.Timeout(4*time.Minute),
		qemutest.Assets(tuxrun64Kernel, groeckDisk))

	vm := sifiveU(q, " rootwait", "-drive", "file="+q.Decompress(groeckDisk)+",if=sd,format=raw")
	vm.Launch()
	vm.WaitFor("Boot successful.")
}

func TestRISCV64SiFiveULinuxNoSD(t *testing.T) {
	q := qemutest.New(t, "riscv64",
		qemutest.Machine("sifive_u"),
		qemutest.Assets(tuxrun64Kernel))

	vm := sifiveU(q, "").ExpectConsole("Kernel panic - not syncing")
	vm.Launch()
	vm.WaitFor(`Cannot open root device "mmcblk0" or unknown-block(0,0)`, "Kernel panic - not syncing")
}

// sifiveU describes a machine that has its root on an SD card, if there is one.
func sifiveU(q *qemutest.Test, words string, args ...string) *qemutest.VM {
	return linux.Boot{
		Kernel: q.Fetch(tuxrun64Kernel),
		Append: "earlycon=sbi console=ttySIF0 root=/dev/mmcblk0" + words,
		Args:   append([]string{"-no-reboot"}, args...),
	}.VM(q)
}
