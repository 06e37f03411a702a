package aspeed

import (
	"cmp"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

// Flash returns the arguments for a machine whose first flash chip holds an
// image. What the guest writes to any drive is lost at the end.
func Flash(image string) []string {
	return []string{"-drive", "file=" + image + ",if=mtd,format=raw", "-snapshot"}
}

// UserNetwork returns the arguments that connect the machine's own network
// interface to QEMU's user network.
func UserNetwork() []string {
	return []string{"-net", "nic", "-net", "user"}
}

// WaitForKernel waits until U-Boot, of version 2019.04 if it is "", starts the
// kernel that it found in flash.
func WaitForKernel(vm *qemutest.VM, version string) {
	vm.WaitFor("U-Boot " + cmp.Or(version, "2019.04"))
	vm.WaitFor("## Loading kernel from FIT Image")
	vm.WaitFor("Starting kernel ...")
}

// OpenBMC is how a system that boots from flash shows itself on the console.
type OpenBMC struct {
	UBoot    string // version of U-Boot, "2019.04" if empty
	CPU      string // physical number of the first CPU, such as "0xf00"
	SoC      string // such as "AST2600 rev A3"
	Hostname string
}

// WaitFor waits until systemd of OpenBMC runs.
func (o OpenBMC) WaitFor(vm *qemutest.VM) {
	WaitForKernel(vm, o.UBoot)
	vm.WaitFor("Booting Linux on physical CPU " + o.CPU)
	vm.WaitFor("ASPEED " + o.SoC)
	vm.WaitFor("/init as init process")
	vm.WaitFor("systemd[1]: Hostname set to <" + o.Hostname + ">.")
}

// LoginSDK logs in to the OpenBMC of ASPEED's SDK.
func LoginSDK(vm *qemutest.VM, hostname string) {
	linux.Login{
		Prompt:   hostname + " login:",
		Password: "0penBmc",
		Shell:    "root@" + hostname + ":~#",
	}.Run(vm)
}

// WaitForLease waits until a network interface of the guest has the address
// that QEMU's user network gives to the first guest.
func WaitForLease(vm *qemutest.VM, device string) {
	vm.Exec("until ip addr show dev "+device+" | grep 10.0.2.15; do sleep 1; done", "inet 10.0.2.15/24")
}
