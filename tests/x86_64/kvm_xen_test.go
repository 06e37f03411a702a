//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	xenGuestKernel = asset.New(
		"https://share.linaro.org/downloadFile?id=UG0V8dzzHrrHb9X",
		"ec0ad7bb8c33c5982baee0a75505fe7dbf29d3ff5d44258204d6307c6fe0132a")
	xenGuestRootFS = asset.New(
		"https://share.linaro.org/downloadFile?id=VwLRKDXKFl6oKti",
		"b11045d649006c649c184e93339aaa41a8fe20a1a86620af70323252eb29e40b")
)

// The variants differ in how Xen's event channels interrupt the guest.

func TestX86KVMXen(t *testing.T) {
	vm := bootXenGuest(t, "", "")
	linux.Run(vm, "grep xen-pirq.*msi /proc/interrupts | grep virtio0-output")
}

func TestX86KVMXenNoMSI(t *testing.T) {
	vm := bootXenGuest(t, " pci=nomsi", "")
	linux.Run(vm, "grep xen-pirq /proc/interrupts | grep virtio0")
}

func TestX86KVMXenNoAPICNoMSI(t *testing.T) {
	vm := bootXenGuest(t, " noapic pci=nomsi", "")
	linux.Run(vm, "grep xen-pirq /proc/interrupts | grep virtio0")
}

func TestX86KVMXenVAPIC(t *testing.T) {
	vm := bootXenGuest(t, "", "host,+xen-vapic")
	linux.Run(vm, "grep xen-pirq /proc/interrupts | grep acpi")
	linux.Run(vm, "grep PCI-MSI /proc/interrupts | grep virtio0-output")
}

func TestX86KVMXenNoVector(t *testing.T) {
	vm := bootXenGuest(t, " xen_no_vector_callback", "")
	linux.Run(vm, "grep xen-platform-pci /proc/interrupts | grep fasteoi")
}

func TestX86KVMXenNoVectorNoMSI(t *testing.T) {
	vm := bootXenGuest(t, " pci=nomsi xen_no_vector_callback", "")
	linux.Run(vm, "grep xen-platform-pci /proc/interrupts | grep IO-APIC")
}

func TestX86KVMXenNoVectorNoAPIC(t *testing.T) {
	vm := bootXenGuest(t, " xen_no_vector_callback noapic", "")
	linux.Run(vm, "grep xen-platform-pci /proc/interrupts | grep XT-PIC")
}

// noXenInKVM is what QEMU says when it, or the host's kernel (before 5.12, or
// without CONFIG_KVM_XEN), cannot act as Xen.
var noXenInKVM = []string{"Xen HVM guest support not present", "xen-version' not found"}

// bootXenGuest boots a guest that takes KVM for Xen. cpu is its CPU model, "" for
// the standard one.
func bootXenGuest(t *testing.T, options, cpu string) *qemutest.VM {
	q := qemutest.New(t, "x86_64",
		qemutest.Accel("kvm"),
		qemutest.Device("xen-disk"),
		qemutest.Netdev("user"),
		qemutest.Timeout(3*time.Minute),
		qemutest.Assets(xenGuestKernel, xenGuestRootFS))

	vm := linux.Boot{
		Kernel: q.Fetch(xenGuestKernel),
		Append: "root=/dev/xvda console=ttyS0 quiet xen_emul_unplug=ide-disks" + options,
		Args: []string{
			"-accel", "kvm,xen-version=0x4000a,kernel-irqchip=split", "-smp", "2",
			"-drive", "file=" + q.Fetch(xenGuestRootFS) + ",if=none,snapshot=on,format=raw,id=drv0",
			"-device", "xen-disk,drive=drv0,vdev=xvda",
			"-netdev", "user,id=unet",
			"-device", "virtio-net-pci,netdev=unet",
		},
	}.VM(q).SetCPU(cpu)
	vm.LaunchOrSkip(noXenInKVM...)
	vm.WaitFor("Starting dropbear sshd: OK", "Oops")
	vm.WaitFor("#", "Oops")
	linux.Run(vm, "grep xen /proc/cmdline", "Oops")
	linux.Run(vm, "dmesg | grep 'Grant table initialized'", "Oops")
	return vm
}
