//go:build !qemu_select || qemu_ppc

package ppc

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

var (
	ibm40pFirmware = asset.New(
		"http://ftpmirror.your.org/pub/misc/ftp.software.ibm.com/rs6000/firmware/7020-40p/P12H0456.IMG",
		"d957f79c73f760d1455d2286fcd901ed6d06167320eb73511b478a939be25b3f")
	netBSD40Floppy = asset.New(
		"https://archive.netbsd.org/pub/NetBSD-archive/NetBSD-4.0/prep/installation/floppy/generic_com0.fs",
		"f86236e9d01b3f0dd0f5d3b8d5bbd40c68e78b4db560a108358f5ad58e636619")
	netBSD71CD = asset.New(
		"https://archive.netbsd.org/pub/NetBSD-archive/NetBSD-7.1.2/iso/NetBSD-7.1.2-prep.iso?key=NetBSD",
		"cc7cb290b06aaa839362deb7bd9f417ac5015557db24088508330f76c3f825ec")
	sandalfoot = asset.New(
		"http://www.juneau-lug.org/zImage.initrd.sandalfoot",
		"749ab02f576c6dc8f33b9fb022ecb44bf6a35a0472f2ea6a5e9956bc15933901")
)

func TestPPC40pFactoryFirmwareNetBSD(t *testing.T) {
	q := qemutest.New(t, "ppc",
		qemutest.Machine("40p"),
		qemutest.Accel("tcg"),
		qemutest.Untrusted(),
		qemutest.Timeout(4*time.Minute),
		qemutest.Assets(ibm40pFirmware, netBSD40Floppy))

	vm := q.VM(
		"-bios", q.Fetch(ibm40pFirmware),
		"-drive", "file="+q.Fetch(netBSD40Floppy)+",format=raw,if=floppy,read-only=true")
	vm.ExpectConsole("root device: ") // which the kernel asks for later
	vm.Launch()
	vm.WaitFor("NetBSD 4.0 (GENERIC) #0: Sun Dec 16 00:49:40 PST 2007")
	vm.WaitFor("Model: IBM PPS Model 6015")
}

// OpenBIOS learns from fw_cfg how much memory there is.
func TestPPC40pOpenBIOSMemory(t *testing.T) {
	q := qemutest.New(t, "ppc", qemutest.Machine("40p"), qemutest.Accel("tcg"))
	vm := q.VM("-m", "192")
	vm.Launch()
	vm.WaitFor(">> OpenBIOS")
	vm.WaitFor(">> Memory: 192M")
	vm.WaitFor(">> CPU type PowerPC,604")
}

func TestPPC40pOpenBIOSLinux(t *testing.T) {
	vm := bootCD40p(t, sandalfoot)
	vm.WaitFor("Please press Enter to activate this console.")
	vm.SendLine("\n")
	vm.WaitFor("#")
	vm.Exec("uname -a", "Linux ppc 2.4.18")
}

func TestPPC40pOpenBIOSNetBSD(t *testing.T) {
	bootCD40p(t, netBSD71CD).WaitFor("NetBSD/prep BOOT, Revision 1.9")
}

func bootCD40p(t *testing.T, cd *asset.Asset) *qemutest.VM {
	q := qemutest.New(t, "ppc",
		qemutest.Machine("40p"),
		qemutest.Accel("tcg"),
		qemutest.Timeout(4*time.Minute),
		qemutest.Assets(cd))
	vm := q.VM("-cdrom", q.Fetch(cd), "-boot", "d")
	vm.Launch()
	return vm
}
