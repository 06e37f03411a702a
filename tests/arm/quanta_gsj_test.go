//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/uboot"
)

var (
	gsjFlash = asset.New(
		"https://github.com/hskinnemoen/openbmc/releases/download/20200711-gsj-qemu-0/obmc-phosphor-image-gsj.static.mtd.gz",
		"eccd4e375cde53034c84aece5c511932cacf838d9fd3f63da368a511757da72b")
	gsjInitrd = asset.New(
		"https://github.com/hskinnemoen/openbmc/releases/download/20200711-gsj-qemu-0/obmc-phosphor-initramfs-gsj.cpio.xz",
		"37b05009fc54db1434beac12bd7ff99a2e751a2f032ee18d9042f991dd0cdeaa")
	gsjKernel = asset.New(
		"https://github.com/hskinnemoen/openbmc/releases/download/20200711-gsj-qemu-0/uImage-gsj.bin",
		"ce6d6b37bff46c74fc7b1e90da10a431cc37a62cdb35ec199fa73473d0790110")
	gsjDTB = asset.New(
		"https://github.com/hskinnemoen/openbmc/releases/download/20200711-gsj-qemu-0/nuvoton-npcm730-gsj.dtb",
		"3249b2da787d4b9ad4e61f315b160abfceb87b5e1895a7ce898ce7f40c8d4045")
)

func TestArmQuantaGSJFlash(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("quanta-gsj"),
		qemutest.Slow(),
		qemutest.Assets(gsjFlash),
		qemutest.Timeout(15*time.Minute))

	vm := q.VM("-drive", "file="+q.Decompress(gsjFlash)+",if=mtd,bus=0,unit=0,format=raw")
	vm.Launch()
	vm.WaitFor("> BootBlock by Nuvoton")
	vm.WaitFor(">Device: Poleg BMC NPCM730")
	vm.WaitFor(">Skip DDR init.")
	vm.WaitFor("U-Boot ")
	const prompt = "U-Boot>"
	uboot.Interrupt(vm, prompt)
	// What QEMU has no model of, or what takes long, is left out.
	uboot.Run(vm, prompt, "setenv bootargs ${bootargs} printk.time=0 console=${console} mem=${mem} "+
		"initcall_blacklist=npcm_i2c_bus_driver_init systemd.mask=systemd-random-seed.service systemd.mask=dropbearkey.service")
	vm.Exec("run romboot", "Booting Kernel from flash")
	vm.WaitFor("Booting Linux on physical CPU 0x0")
	vm.WaitFor("CPU1: thread -1, cpu 1, socket 0")
	vm.WaitFor("OpenBMC Project Reference Distro")
	vm.WaitFor("gsj login:")
}

func TestArmQuantaGSJInitrd(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("quanta-gsj"),
		qemutest.Assets(gsjInitrd, gsjKernel, gsjDTB),
		qemutest.Timeout(4*time.Minute))

	vm := linux.Boot{
		Kernel: q.Fetch(gsjKernel),
		Initrd: q.Fetch(gsjInitrd),
		DTB:    q.Fetch(gsjDTB),
		Append: "console=ttyS0,115200n8 earlycon=uart8250,mmio32,0xf0001000",
	}.Launch(q)
	vm.WaitFor("Booting Linux on physical CPU 0x0")
	vm.WaitFor("CPU1: thread -1, cpu 1, socket 0")
	vm.WaitFor("Give root password for system maintenance")
}
