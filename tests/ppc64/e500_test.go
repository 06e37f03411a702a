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
	e5500Kernel = asset.New(
		"https://github.com/legoater/qemu-ppc-boot/raw/refs/heads/main/buildroot/qemu_ppc64_e5500-2023.11-8-gdcd9f0f6eb-20240104/uImage",
		"2478187c455d6cca3984e9dfde9c635d824ea16236b85fd6b4809f744706deda")
	e5500Disk = asset.New(
		"https://github.com/legoater/qemu-ppc-boot/raw/refs/heads/main//buildroot/qemu_ppc64_e5500-2023.11-8-gdcd9f0f6eb-20240104/rootfs.ext2",
		"9035ef97237c84c7522baaff17d25cdfca4bb7a053d5e296e902919473423d76")
)

func TestPPC64E500Linux(t *testing.T) {
	q := qemutest.New(t, "ppc64",
		qemutest.Machine("ppce500"),
		qemutest.CPU("e5500"),
		qemutest.Netdev("user"),
		qemutest.Timeout(4*time.Minute),
		qemutest.Assets(e5500Kernel, e5500Disk))

	vm := linux.Boot{
		Kernel: q.Fetch(e5500Kernel),
		Append: "root=/dev/vda",
		Args: []string{
			"-drive", "file=" + q.Fetch(e5500Disk) + ",if=virtio,format=raw",
			"-snapshot", "-no-shutdown",
		},
	}.Launch(q)
	vm.WaitFor("Linux version")
	vm.WaitFor("/init as init process")
	vm.WaitFor("lease of 10.0.2.15")
	linux.Login{Prompt: "buildroot login:"}.Run(vm)
	vm.Exec("poweroff", "Power down")
}
