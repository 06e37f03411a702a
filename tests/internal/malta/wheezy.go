package malta

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

// Wheezy is an installation of Debian 7, with a kernel for a target. The disks
// and kernels are those of https://people.debian.org/~aurel32/qemu.
type Wheezy struct {
	Kernel *asset.Asset
	Disk   *asset.Asset // qcow2
	NIC    string       // device model of the network card
	CPU    string       // name of the CPU in /proc/cpuinfo

	// Initrd is a file on the disk that is downloaded from the guest, and
	// InitrdSHA256 the hash that it must have.
	Initrd, InitrdSHA256 string
}

// Test boots the installation, logs in, looks at the devices of the board, and
// downloads a file from the guest.
func (w Wheezy) Test(t *testing.T, target string) {
	q := qemutest.New(t, target,
		qemutest.Machine("malta"),
		qemutest.Netdev("user"),
		qemutest.Device(w.NIC),
		qemutest.Flaky("https://gitlab.com/qemu-project/qemu/-/issues/3109"),
		qemutest.Assets(w.Kernel, w.Disk),
		qemutest.Timeout(8*time.Minute))

	vm := linux.Boot{
		Kernel: q.Fetch(w.Kernel),
		Append: "console=ttyS0 root=/dev/sda1",
		Args: []string{
			"-drive", "file=" + q.Fetch(w.Disk) + ",snapshot=on",
			"-netdev", "user,id=n1,hostfwd=tcp:127.0.0.1:0-:8080",
			"-device", w.NIC + ",netdev=n1",
			"-no-reboot",
		},
	}.Launch(q)
	vm.WaitFor("login: ", "Oops")
	vm.Exec("root", "Password:")
	vm.SendLine("root") // the password, which has no echo
	vm.WaitFor(":~# ", "Login incorrect")

	Look(vm, "uname -m", "mips")
	CheckDevices(vm)
	linux.Run(vm, "cd /")
	linux.Download{Path: w.Initrd, SHA256: w.InitrdSHA256, Server: "python -m SimpleHTTPServer"}.Check(vm)
	for _, look := range []struct{ command, text string }{
		{"cat /proc/cpuinfo", w.CPU},
		{"cat /proc/devices", "usb"},
		{"cat /proc/ioports", " : piix4_smbus"},
		{"lspci -d 11ab:4620", "GT-64120"},
		{"cat /sys/bus/i2c/devices/i2c-0/name", "SMBus PIIX4 adapter"},
		{"cat /proc/mtd", "YAMON"},
		// 64 KiB of erased flash.
		{"md5sum /dev/mtd2ro", "0dfbe8aa4c20b52e1b8bf3cb6cbdf193"},
	} {
		Look(vm, look.command, look.text)
	}
}

// CheckDevices looks at the board's devices, at the shell of a Linux that has
// drivers for them.
func CheckDevices(vm *qemutest.VM) {
	for _, text := range []string{"timer", "serial", "ata_piix", "rtc"} {
		Look(vm, "grep XT-PIC /proc/interrupts", text)
	}
	for _, text := range []string{"input", "fb"} {
		Look(vm, "cat /proc/devices", text)
	}
	for _, text := range []string{" : serial", " : ata_piix"} {
		Look(vm, "cat /proc/ioports", text)
	}
}
