//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

// A kernel with its initial file system as one UEFI program, and a UEFI that
// keeps no variables. Their URLs follow a branch: a wrong hash means that it
// has moved on.
var (
	rebootKernel = asset.New(
		"https://gitlab.com/anisinha/misc-artifacts/-/raw/main/uki.x86-64.efi?ref_type=heads",
		"e0f806bd1fa24111312e1fe849d2ee69808d4343930a5dc8c1688da17c65f576")
	statelessUEFI = asset.New(
		"https://gitlab.com/anisinha/misc-artifacts/-/raw/main/OVMF.stateless.fd?ref_type=heads",
		"58a4275aafa8774bd6b1540adceae4ea434b8db75b47611839ff47be88cfcf22")
)

// Each of these machines throws away KVM's virtual machine at a reset and makes
// another one, as it has to for confidential guests, and boots again.

func TestX86RebuildVMFD(t *testing.T) {
	vm := newRebuild(t, "host", "kvm")
	rebootRebuild(vm)
	requireRebuilt(t, vm)
}

func TestX86RebuildVMFDReset(t *testing.T) {
	vm := newRebuild(t, "host", "kvm")
	launchRebuild(vm)
	vm.QMP("system_reset")
	vm.WaitFor(bootedAgain)
	vm.Shutdown()
	requireRebuilt(t, vm)
}

func TestX86RebuildVMFDXen(t *testing.T) {
	vm := newRebuild(t, "host", "kvm,xen-version=0x4000a,kernel-irqchip=split")
	rebootRebuild(vm)
	requireRebuilt(t, vm)
}

func TestX86RebuildVMFDTimer(t *testing.T) {
	vm := newRebuild(t, "host", "kvm").AddArgs("-trace", "kvmpit_post_vmfd_change")
	rebootRebuild(vm)
	assert.Contains(t, vm.Output(), "kvmpit_post_vmfd_change")
}

func TestX86RebuildVMFDVMBus(t *testing.T) {
	vm := newRebuild(t, "host,hv-syndbg,hv-relaxed,hv_time,hv-synic,hv-vpindex,hv-runtime,hv-stimer", "kvm").
		AddArgs("-device", "vmbus-bridge,irq=15", "-trace", "vmbus_handle_vmfd_change")
	rebootRebuild(vm)
	assert.Contains(t, vm.Output(), "vmbus_handle_vmfd_change")
}

// bootedAgain is what the guest prints when it boots, before its prompt.
const bootedAgain = "# --- Hello world ---"

func newRebuild(t *testing.T, cpu, accel string) *qemutest.VM {
	q := qemutest.New(t, "x86_64",
		qemutest.Machine("q35,x-change-vmfd-on-reset=on"),
		qemutest.CPU(cpu),
		qemutest.Accel("kvm"),
		qemutest.Memory(5<<29),
		qemutest.Assets(rebootKernel, statelessUEFI))
	return q.VM("-accel", accel, "-smp", "2", "-m", "2G", "-nodefaults",
		"-kernel", q.Fetch(rebootKernel), "-bios", q.Fetch(statelessUEFI),
		"-trace", "kvm_reset_vmfd")
}

// launchRebuild starts the machine and waits for the guest's prompt.
func launchRebuild(vm *qemutest.VM) {
	vm.LaunchOrSkip(slices.Concat(noXenInKVM, []string{"x-change-vmfd-on-reset' not found"})...)
	vm.WaitFor("bash-5.1#")
}

// rebootRebuild lets the guest reboot, and ends the machine after that: only
// then all of QEMU's output is there.
func rebootRebuild(vm *qemutest.VM) {
	launchRebuild(vm)
	vm.Exec("/usr/sbin/reboot -f", "reboot: machine restart")
	vm.WaitFor(bootedAgain)
	vm.Shutdown()
}

func requireRebuilt(t *testing.T, vm *qemutest.VM) {
	assert.Contains(t, vm.Output(), "kvm_reset_vmfd")
	assert.Contains(t, vm.Output(), "virtual machine state has been rebuilt")
}
