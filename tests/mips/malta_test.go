//go:build !qemu_select || qemu_mips

package mips

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/malta"
)

var (
	maltaLinux26 = asset.New(
		"http://snapshot.debian.org/archive/debian/20130217T032700Z/pool/main/l/linux-2.6/linux-image-2.6.32-5-4kc-malta_2.6.32-48_mips.deb",
		"16ca524148afb0626f483163e5edf352bc1ab0e4fc7b9f9d473252762f2c7a43")
	maltaLinux45 = asset.New(
		"http://snapshot.debian.org/archive/debian/20160601T041800Z/pool/main/l/linux/linux-image-4.5.0-2-4kc-malta_4.5.5-1_mips.deb",
		"526b17d5889840888b76fc2c36a0ebde182c9b1410a3a1e68203c3b160eb2027")
	maltaInitrd = asset.New(
		"https://github.com/groeck/linux-build-test/raw/8584a59ed9e5eb5ee7ca91f6d74bbb06619205b8/rootfs/mips/rootfs.cpio.gz",
		"dcfe3a7fe3200da3a00d176b95caaa086495eb158f2bff64afc67d7e1eb2cddc")
	wheezyKernel = asset.New(
		"https://people.debian.org/~aurel32/qemu/mips/vmlinux-3.2.0-4-4kc-malta",
		"0377fcda31299213c10b8e5babe7260ef99188b3ae1aca6f56594abb71e7f67e")
	wheezyDisk = asset.New(
		"https://people.debian.org/~aurel32/qemu/mips/debian_wheezy_mips_standard.qcow2",
		"de03599285b8382ad309309a6c4869f6c6c42a5cfc983342bab9ec0dfa7849a2")
)

func TestMIPSMalta(t *testing.T) {
	q := qemutest.New(t, "mips",
		qemutest.Machine("malta"),
		qemutest.Assets(maltaLinux26))

	linux.Boot{
		Kernel: q.ExtractMember(maltaLinux26, "boot/vmlinux-2.6.32-5-4kc-malta"),
		Append: "console=ttyS0",
	}.CheckCommandLine(q)
}

// The guest sees the board's devices, and fetches its own kernel from QEMU's
// TFTP server.
func TestMIPSMaltaInitrd(t *testing.T) {
	q := qemutest.New(t, "mips",
		qemutest.Machine("malta"),
		qemutest.Netdev("user"),
		qemutest.Device("pcnet"),
		qemutest.Assets(maltaLinux45, maltaInitrd),
		qemutest.Timeout(4*time.Minute))

	const file = "vmlinux-4.5.0-2-4kc-malta"
	kernel := q.ExtractMember(maltaLinux45, "boot/"+file)
	vm := linux.Boot{
		Kernel: kernel,
		Initrd: q.Decompress(maltaInitrd),
		Append: "console=ttyS0 console=tty rdinit=/sbin/init noreboot",
		Args: []string{
			"-netdev", "user,id=n1,tftp=" + filepath.Dir(kernel),
			"-device", "pcnet,netdev=n1",
			"-no-reboot",
		},
	}.Launch(q)
	vm.WaitFor("Boot successful.")
	malta.Look(vm, "cat /proc/cpuinfo", "BogoMIPS")
	malta.Look(vm, "uname -a", "4.5.0-2-4kc-malta #1 Debian")
	malta.Look(vm, "uname -m", "mips")
	malta.CheckDevices(vm)

	vm.Exec("ip link set eth0 up", "eth0: link up")
	linux.Run(vm, "ip addr add 10.0.2.15 dev eth0")
	linux.Run(vm, "route add default eth0")
	linux.Run(vm, "tftp -g -r "+file+" 10.0.2.2")
	malta.Look(vm, "md5sum "+file, "a98218a7efbdefb2dfdf9ecd08c98318")
	linux.Reboot(vm)
}

func TestMIPSMaltaWheezy(t *testing.T) {
	malta.Wheezy{
		Kernel:       wheezyKernel,
		Disk:         wheezyDisk,
		NIC:          "e1000",
		CPU:          "MIPS 24Kc",
		Initrd:       "/boot/initrd.img-3.2.0-4-4kc-malta",
		InitrdSHA256: "ff0c0369143d9bbb9a6e6bc79322a2be535619df639e84103237f406e87493dc",
	}.Test(t, "mips")
}
