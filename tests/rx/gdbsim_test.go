//go:build !qemu_select || qemu_rx

package rx

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

var uBoot = asset.New(
	"https://github.com/philmd/qemu-testing-blob/raw/rx-gdbsim/rx/gdbsim/u-boot.bin",
	"dd7dd4220cccf7aeb32227b26233bf39600db05c3f8e26005bcc2bf6c927207d")

func TestRXGDBSimUBoot(t *testing.T) {
	q := qemutest.New(t, "rx",
		qemutest.Machine("gdbsim-r5f562n8"),
		qemutest.Assets(uBoot))

	vm := q.VM("-bios", q.Fetch(uBoot), "-no-reboot")
	vm.Launch()
	vm.WaitFor("U-Boot 2016.05-rc3-23705-ga1ef3c71cb-dirty")
}
