// Package iommu checks that an IOMMU lets a guest's disk and network card do
// their work: what goes through them arrives as it was.
//
// The guest is the rescue system of Fedora's installer; the disk has a Fedora
// installed, whose programs the guest uses then.
//
//	vm := linux.Boot{..., Args: []string{"-device", iommu.Behind("virtio-blk-pci,drive=drv0"), ...}}.Launch(q)
//	...
//	installed.Enter(vm, "/bin/vi", "/root/vi")
//	installed.CheckHash(vm, installed.File)
//	installed.CheckDownload(vm)
package iommu

import (
	"fmt"
	"strings"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

// Behind returns a virtio device on PCI whose driver has to go through the
// IOMMU, as only that of a modern device can.
func Behind(device string) string {
	return device + ",iommu_platform=on,disable-modern=off,disable-legacy=on"
}

// Network are the arguments for a network card behind the IOMMU on QEMU's user
// network, which forwards a port of the host to the guest's port 8080.
func Network(model string) []string {
	return []string{
		"-netdev", "user,id=n1,hostfwd=tcp:127.0.0.1:0-:8080",
		"-device", Behind(model + ",netdev=n1"),
	}
}

// Disk are the arguments for a disk behind the IOMMU. What the guest writes to
// it is gone in the end. Errors stop the machine. options are further ones of
// -drive, and begin with a comma if there are any.
func Disk(image, options string) []string {
	return []string{
		"-drive", "file=" + image + ",if=none,id=drv0,snapshot=on" + options,
		"-device", Behind("virtio-blk-pci,bus=pcie.0,drive=drv0,id=virtio-disk0,bootindex=1,werror=stop,rerror=stop"),
	}
}

// CheckCommandLine checks that the kernel got a command line.
func CheckCommandLine(vm *qemutest.VM, want string) {
	got := linux.Run(vm, "cat /proc/cmdline").Before
	if !strings.Contains(got, want) {
		vm.Test().Check(fmt.Errorf("expected the kernel's command line to be %q, it is %q", want, strings.TrimSpace(got)))
	}
}

// CheckGroups checks that the kernel has put the devices of the first PCI bus
// into groups of an IOMMU.
func CheckGroups(vm *qemutest.VM) {
	linux.Run(vm, "find /sys/kernel/iommu_groups/ -type l | grep devices/0000:00:")
}

// Installed is the Fedora on the disk.
type Installed struct {
	Partition string // that holds it: /dev/vda1
	File      string // path of a large file in it
	SHA256    string // of that file, in hexadecimal
}

// Enter mounts the installed system below /sysroot, copies a file to the path
// dst in it, and unmounts it and mounts it again, so that nothing of the file is
// left in the guest's memory. Then it makes it the root of the shell. src may be
// a file below /sysroot.
func (i Installed) Enter(vm *qemutest.VM, src, dst string) {
	linux.Run(vm, fmt.Sprintf("until test -b %s; do sleep 0.1; done", i.Partition))
	linux.Run(vm, "mount "+i.Partition+" /sysroot")
	linux.Run(vm, "cp "+src+" /sysroot"+dst)
	linux.Run(vm, "umount /sysroot")
	linux.Run(vm, "mount "+i.Partition+" /sysroot")
	for _, dir := range []string{"/dev", "/proc", "/sys", "/run"} {
		linux.Run(vm, "mount -o bind "+dir+" /sysroot"+dir)
	}
	vm.Exec("chroot /sysroot", "# ")
}

// CheckHash checks the contents of a file that should be those of i.File.
func (i Installed) CheckHash(vm *qemutest.VM, path string) {
	got := linux.Run(vm, "sha256sum "+path).Before
	if !strings.Contains(got, i.SHA256) {
		vm.Test().Check(fmt.Errorf("expected %s to have the SHA-256 %s as the guest reads it, but sha256sum wrote %q",
			path, i.SHA256, strings.TrimSpace(got)))
	}
}

// CheckDownload checks that the file arrives at the host over the network. The
// shell's root must be the installed system.
func (i Installed) CheckDownload(vm *qemutest.VM) {
	linux.Run(vm, "dhclient eth0")
	linux.Download{Path: i.File, SHA256: i.SHA256}.Check(vm)
}
