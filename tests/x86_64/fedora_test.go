//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

// The installer of Fedora 31 Server, which "rd.rescue" on the kernel's command
// line makes a rescue system.
var (
	fedora31Kernel = asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/31/Server/x86_64/os/images/pxeboot/vmlinuz",
		"d4738d03dbbe083ca610d0821d0a8f1488bebbdccef54ce33e3adb35fda00129")
	fedora31Initrd = asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/31/Server/x86_64/os/images/pxeboot/initrd.img",
		"277cd6c7adf77c7e63d73bbb2cded8ef9e2d3a2f100000e92ff1f8396513cd8b")
)

// The image of a disk with Fedora 31 installed, in /dev/vda1 as the tests
// connect it.
var fedora31Disk = asset.New(
	"https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/31/Cloud/x86_64/images/Fedora-Cloud-Base-31-1.9.x86_64.qcow2",
	"e3c1b309d9203604922d6e255c2c5d098a309c2d46215d8fc026954f3c5c27a0")

// waitForRescueShell waits for the prompt of Fedora's rescue system.
func waitForRescueShell(vm *qemutest.VM) {
	vm.WaitFor("Entering emergency mode.")
	vm.WaitFor("# ")
}
