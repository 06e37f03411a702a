//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	virtBuildroot = asset.New(
		"https://share.linaro.org/downloadFile?id=3zGlbmXh8pXFewt",
		"12a54d4805cda6ab647cb7c7bbdb16fafb3df400e0d6f16445c1a0436100ef8d")
	alpineISO = asset.New(
		"https://dl-cdn.alpinelinux.org/alpine/v3.17/releases/aarch64/alpine-standard-3.17.2-aarch64.iso",
		"5a36304ecf039292082d92b48152a9ec21009d3a62f459de623e19c4bd9dc027")
	fedoraArmKernel = asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/29/Everything/armhfp/os/images/pxeboot/vmlinuz",
		"18dd5f1a9a28bd539f9d047f7c0677211bae528e8712b40ca5a229a4ad8e2591")
)

const virtTimeout = 360 * time.Second

// uefi names the firmware for machines of type virt.
var uefi = []string{"edk2-aarch64-code.fd", "AAVMF/AAVMF_CODE.fd", "edk2/aarch64/QEMU_EFI-pflash.raw"}

// entropy gives the guest a random number generator.
var entropy = []string{"-device", "virtio-rng-pci,rng=rng0", "-object", "rng-random,id=rng0,filename=/dev/urandom"}

func TestAarch64VirtGICv2(t *testing.T) { testVirtGIC(t, "2") }

func TestAarch64VirtGICv3(t *testing.T) { testVirtGIC(t, "3") }

// testVirtGIC moves random numbers to a disk, with interrupts from both.
func testVirtGIC(t *testing.T, version string) {
	q := qemutest.New(t, "aarch64",
		qemutest.Machine("virt,gic-version="+version),
		qemutest.CPU("max"),
		qemutest.Accel("tcg"),
		qemutest.Timeout(virtTimeout),
		qemutest.Assets(virtBuildroot))

	disk := q.Scratch("scratch.qcow2")
	q.Tool("qemu-img", "create", "-f", "qcow2", disk, "8M")
	vm := linux.Boot{
		Kernel: q.Fetch(virtBuildroot),
		Append: "console=ttyAMA0",
		Args:   append([]string{"-accel", "tcg"}, entropy...),
	}.VM(q).AddArgs(
		"-blockdev", "driver=qcow2,node-name=scratch,file.driver=file,file.filename="+disk,
		"-device", "virtio-blk-device,drive=scratch")
	vm.Launch()
	linux.Login{}.Run(vm)
	linux.Run(vm, "cat /proc/interrupts")
	linux.Run(vm, "cat /proc/self/maps")
	linux.Run(vm, "uname -a")
	linux.Run(vm, "dd if=/dev/hwrng of=/dev/vda bs=512 count=4")
	linux.Run(vm, "md5sum /dev/vda")
	vm.Exec("halt -n", "reboot: System halted")
}

func TestAarch64VirtAlpine(t *testing.T) {
	q := qemutest.New(t, "aarch64",
		qemutest.Machine("virt,acpi=on,virtualization=on,mte=on,gic-version=max,iommu=smmuv3"),
		qemutest.CPU("max,pauth-impdef=on"),
		qemutest.Accel("tcg"),
		qemutest.Firmware(uefi...),
		qemutest.Memory(1536<<20),
		qemutest.Timeout(virtTimeout),
		qemutest.Assets(alpineISO))

	vm := q.VM(
		"-accel", "tcg", "-smp", "2", "-m", "1024",
		"-bios", q.Firmware(uefi...),
		"-drive", "media=cdrom,format=raw,file="+q.Fetch(alpineISO)).
		AddArgs(entropy...)
	vm.Launch()
	vm.WaitFor("Welcome to Alpine Linux 3.17")
}

// A 64-bit CPU whose 64-bit mode is off runs a 32-bit kernel.
func TestAarch64VirtAArch64Off(t *testing.T) {
	q := qemutest.New(t, "aarch64",
		qemutest.Machine("virt"),
		qemutest.CPU("max,aarch64=off"),
		qemutest.Accel("tcg"),
		qemutest.Assets(fedoraArmKernel))

	boot := linux.Boot{Kernel: q.Fetch(fedoraArmKernel), Append: "console=ttyAMA0"}
	// Without a root file system the kernel panics in the end.
	vm := boot.VM(q).ExpectConsole("Kernel panic - not syncing")
	vm.LaunchOrSkip("'aarch64' feature cannot be disabled unless KVM is enabled")
	vm.WaitFor("Kernel command line: " + boot.CommandLine())
}
