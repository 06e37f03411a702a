//go:build !qemu_select || qemu_mips64el

package mips64el

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/malta"
)

var (
	maltaLinux26 = asset.New(
		"http://snapshot.debian.org/archive/debian/20130217T032700Z/pool/main/l/linux-2.6/linux-image-2.6.32-5-5kc-malta_2.6.32-48_mipsel.deb",
		"35eb476f03be589824b0310358f1c447d85e645b88cbcd2ac02b97ef560f9f8d")
	maltaLinux319 = asset.New(
		"https://github.com/philmd/qemu-testing-blob/raw/9ad2df38/mips/malta/mips64el/vmlinux-3.19.3.mtoman.20150408",
		"8d3beb003bc66051ead98e7172139017fcf9ce2172576541c57e86418dfa5ab8")
	maltaInitrd = asset.New(
		"https://github.com/groeck/linux-build-test/raw/8584a59e/rootfs/mipsel64/rootfs.mipsel64r1.cpio.gz",
		"75ba10cd35fb44e32948eeb26974f061b703c81c4ba2fab1ebcacf1d1bec3b61")
	wheezyKernel = asset.New(
		"https://people.debian.org/~aurel32/qemu/mipsel/vmlinux-3.2.0-4-5kc-malta",
		"5e8b725244c59745bb8b64f5d8f49f25fecfa549f3395fb6d19a3b9e5065b85b")
	wheezyDisk = asset.New(
		"https://people.debian.org/~aurel32/qemu/mipsel/debian_wheezy_mipsel_standard.qcow2",
		"454f09ae39f7e6461c84727b927100d2c7813841f2a0a5dce328114887ecf914")
)

func TestMIPS64ELMalta(t *testing.T) {
	q := qemutest.New(t, "mips64el",
		qemutest.Machine("malta"),
		qemutest.Assets(maltaLinux26))

	linux.Boot{
		Kernel: q.ExtractMember(maltaLinux26, "boot/vmlinux-2.6.32-5-5kc-malta"),
		Append: "console=ttyS0",
	}.CheckCommandLine(q)
}

func TestMIPS64ELMaltaInitrd(t *testing.T) {
	q := qemutest.New(t, "mips64el",
		qemutest.Machine("malta"),
		qemutest.CPU("5KEc"),
		qemutest.Untrusted(),
		qemutest.Assets(maltaLinux319, maltaInitrd),
		qemutest.Timeout(3*time.Minute))

	vm := linux.Boot{
		Kernel: q.Fetch(maltaLinux319),
		Initrd: q.Decompress(maltaInitrd),
		Append: "console=ttyS0 console=tty rdinit=/sbin/init noreboot",
		Args:   []string{"-no-reboot"},
	}.Launch(q)
	vm.WaitFor("Boot successful.")
	malta.Look(vm, "cat /proc/cpuinfo", "MIPS 5KE")
	malta.Look(vm, "uname -a", "3.19.3.mtoman.20150408")
	linux.Reboot(vm)
}

func TestMIPS64ELMaltaYAMON(t *testing.T) { malta.YAMON(t, "mips64el") }

func TestMIPS64ELMaltaWheezy(t *testing.T) {
	malta.Wheezy{
		Kernel:       wheezyKernel,
		Disk:         wheezyDisk,
		NIC:          "pcnet",
		CPU:          "MIPS 20Kc",
		Initrd:       "/boot/initrd.img-3.2.0-4-5kc-malta",
		InitrdSHA256: "7579f8b56c1187c7c04d0dc3c0c56c7a6314c5ddd3a9bf8803ecc7cf8a3be9f8",
	}.Test(t, "mips64el")
}
