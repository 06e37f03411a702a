//go:build !qemu_select || qemu_rx

package rx

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	uBoot = asset.New(
		"https://github.com/philmd/qemu-testing-blob/raw/rx-gdbsim/rx/gdbsim/u-boot.bin",
		"dd7dd4220cccf7aeb32227b26233bf39600db05c3f8e26005bcc2bf6c927207d")
	kernel = asset.New(
		"https://github.com/philmd/qemu-testing-blob/raw/rx-gdbsim/rx/gdbsim/zImage",
		"baa43205e74a7220ed8482188c5e9ce497226712abb7f4e7e4f825ce19ff9656")
	dtb = asset.New(
		"https://github.com/philmd/qemu-testing-blob/raw/rx-gdbsim/rx/gdbsim/rx-gdbsim.dtb",
		"aa278d9c1907a4501741d7ee57e7f65c02dd1b3e0323b33c6d4247f1b32cf29a")
)

func TestRXGDBSimUBoot(t *testing.T) {
	q := qemutest.New(t, "rx",
		qemutest.Machine("gdbsim-r5f562n8"),
		qemutest.Assets(uBoot))

	vm := q.VM("-bios", q.Fetch(uBoot), "-no-reboot")
	vm.Launch()
	vm.WaitFor("U-Boot 2016.05-rc3-23705-ga1ef3c71cb-dirty")
}

func TestRXGDBSimLinux(t *testing.T) {
	q := qemutest.New(t, "rx",
		qemutest.Machine("gdbsim-r5f562n7"),
		qemutest.Flaky("https://gitlab.com/qemu-project/qemu/-/issues/2691"),
		qemutest.Assets(kernel, dtb))

	vm := linux.Boot{
		Kernel: q.Fetch(kernel),
		DTB:    q.Fetch(dtb),
		Args:   []string{"-no-reboot"},
	}.Launch(q)
	vm.WaitFor("Sash command shell (version 1.1.1)")
	vm.Exec("printenv", "TERM=linux")
}
