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
	debianInstaller = asset.New(
		"https://ftp.debian.org/debian/dists/trixie/main/installer-arm64/20250803/images/netboot/debian-installer/arm64/linux",
		"93a6e4f9627d759375d28f863437a86a0659e125792a435f8e526dda006b7d5e")
	debianInstallerInitrd = asset.New(
		"https://ftp.debian.org/debian/dists/trixie/main/installer-arm64/20250803/images/netboot/debian-installer/arm64/initrd.gz",
		"f6c78af7078ca67638ef3a50c926cd3c1485673243f8b37952e6bd854d6ba007")
)

// A network device appears in the guest when it is plugged in, and disappears
// when it is pulled out.
func TestAarch64HotplugPCI(t *testing.T) {
	q := qemutest.New(t, "aarch64",
		qemutest.Machine("virt"),
		qemutest.CPU("cortex-a57"),
		qemutest.Memory(1<<30),
		qemutest.Timeout(3*time.Minute),
		qemutest.Firmware(uefi...),
		qemutest.Assets(debianInstaller, debianInstallerInitrd))

	vm := linux.Boot{
		Kernel: q.Fetch(debianInstaller),
		Initrd: q.Fetch(debianInstallerInitrd),
		Append: "console=ttyAMA0,115200 init=/bin/sh",
		Args: []string{
			"-m", "512M",
			"-device", "pcie-root-port,bus=pcie.0,chassis=1,slot=1,id=pcie.1",
			"-bios", q.Firmware(uefi...),
		},
	}.Launch(q)
	vm.WaitFor("~ #")
	// The words around the number tell it from others on the console.
	const count = "echo interfaces:$(ls /sys/class/net | wc -l)."
	vm.Exec(count, "interfaces:2.")
	vm.QMP("device_add", qemutest.Args{"driver": "virtio-net-pci", "bus": "pcie.1", "addr": 0, "id": "na"})
	vm.WaitFor("virtio-pci")
	vm.WaitFor("virtio_net")
	vm.Exec(count, "interfaces:3.")
	vm.QMP("device_del", qemutest.Args{"id": "na"})
	vm.WaitForEvent("DEVICE_DELETED", qemutest.Args{"device": "na"})
	vm.Exec(count, "interfaces:2.")
}
