//go:build !qemu_select || qemu_ppc64

package ppc64

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	mac99Kernel = asset.New(
		"https://github.com/legoater/qemu-ppc-boot/raw/refs/heads/main/buildroot/qemu_ppc64_mac99-2023.11-8-gdcd9f0f6eb-20240105/vmlinux",
		"d59307437e4365f2cced0bbd1b04949f7397b282ef349b7cafd894d74aadfbff")
	mac99Disk = asset.New(
		"https://github.com/legoater/qemu-ppc-boot/raw/refs/heads/main/buildroot/qemu_ppc64_mac99-2023.11-8-gdcd9f0f6eb-20240105/rootfs.ext2",
		"bbd5fd8af62f580bc4e585f326fe584e22856572633a8333178ea6d4ed4955a4")
)

// Without graphics, OpenBIOS and Linux use the serial port.
func TestPPC64Mac99Linux(t *testing.T) {
	q := qemutest.New(t, "ppc64",
		qemutest.Machine("mac99,graphics=off"),
		qemutest.Timeout(4*time.Minute),
		qemutest.Assets(mac99Kernel, mac99Disk))

	vm := linux.Boot{
		Kernel: q.Fetch(mac99Kernel),
		Append: "root=/dev/sda",
		Args:   []string{"-drive", "file=" + q.Fetch(mac99Disk) + ",format=raw", "-snapshot"},
	}.Launch(q)
	vm.WaitFor(">> OpenBIOS")
	vm.WaitFor("Linux version")
	vm.WaitFor("/init as init process")
	vm.WaitFor("gem 0000:f0:0e.0 eth0: Link is up at 100 Mbps")
	linux.Login{Prompt: "buildroot login:"}.Run(vm)
	vm.Exec("poweroff", "Power down")
}
