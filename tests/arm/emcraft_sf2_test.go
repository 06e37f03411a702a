//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/disk"
)

var (
	emcraftUBoot = asset.New(
		"https://raw.githubusercontent.com/Subbaraya-Sundeep/qemu-test-binaries/fe371d32e50ca682391e1e70ab98c2942aeffb01/u-boot",
		"5c6a15103375db11b21f2236473679a9dbbed6d89652bfcdd501c263d68ab725")
	emcraftSPI = asset.New(
		"https://raw.githubusercontent.com/Subbaraya-Sundeep/qemu-test-binaries/fe371d32e50ca682391e1e70ab98c2942aeffb01/spi.bin",
		"cd9bdd2c4cb55a59c3adb6bcf74881667c4500dde0570a43aa3be2b17eecfdb6")
)

// emcraftFlashSize is the size of the board's SPI flash in bytes.
const emcraftFlashSize = 16 << 20

// U-Boot starts uClinux from the flash chip, which reaches the host.
func TestArmEmcraftSF2(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("emcraft-sf2"),
		qemutest.Netdev("user"),
		qemutest.Assets(emcraftUBoot, emcraftSPI))

	vm := launchEmcraft(q, disk.Copy(q, q.Fetch(emcraftSPI), "spi.bin", emcraftFlashSize))
	vm.WaitFor("Enter 'help' for a list")
	vm.Exec("ifconfig eth0 10.0.2.15", "eth0: link becomes ready")
	vm.Exec("ping -c 3 10.0.2.2", "3 packets transmitted, 3 packets received, 0% packet loss")
}

// With an empty flash chip there is nothing to boot, and U-Boot takes commands.
func TestArmEmcraftSF2UBoot(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("emcraft-sf2"),
		qemutest.Assets(emcraftUBoot))

	vm := launchEmcraft(q, disk.Create(q, "spi.bin", emcraftFlashSize))
	vm.WaitFor("U-Boot 2010.03")
	const prompt = "M2S-FG484-SOM>"
	vm.InterruptUntil(" ", 200*time.Millisecond, prompt)
	vm.Exec("sf probe 0", "16384 KiB")
	vm.Exec("version", "U-Boot 2010.03")
}

func launchEmcraft(q *qemutest.Test, flash string) *qemutest.VM {
	vm := q.VM(
		"-kernel", q.Fetch(emcraftUBoot),
		"-drive", "if=mtd,format=raw,file="+flash,
		"-no-reboot")
	vm.Launch()
	return vm
}
