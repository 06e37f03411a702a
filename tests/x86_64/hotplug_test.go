//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"testing"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

// A disk behind a bridge from PCI Express to PCI appears in the guest when it
// is plugged in, and disappears when it is pulled out.
func TestX86HotplugBlock(t *testing.T) {
	q := qemutest.New(t, "x86_64",
		qemutest.Machine("q35"),
		qemutest.Accel("kvm"),
		qemutest.Memory(3<<29),
		qemutest.Assets(fedora31Kernel, fedora31Initrd))

	vm := bootRescue(q, "-device", "pcie-pci-bridge,id=pci.1,bus=pcie.0")
	linux.Run(vm, "test ! -e /sys/block/vda")
	vm.QMP("blockdev-add", qemutest.Args{"driver": "null-co", "size": 1 << 30, "node-name": "disk"})
	vm.QMP("device_add", qemutest.Args{
		"driver": "virtio-blk-pci", "drive": "disk", "id": "virtio-disk0", "bus": "pci.1", "addr": "1",
	})
	vm.WaitFor("virtio_blk virtio0: [vda]")
	// The driver tells of the disk shortly before it is there.
	linux.Run(vm, "until test -e /sys/block/vda; do sleep 0.1; done")
	vm.QMP("device_del", qemutest.Args{"id": "virtio-disk0"})
	vm.WaitForEvent("DEVICE_DELETED", qemutest.Args{"device": "virtio-disk0"})
	linux.Run(vm, "test ! -e /sys/block/vda")
}

// A second CPU appears in the guest when it is plugged in, and disappears when
// it is pulled out.
func TestX86HotplugCPU(t *testing.T) {
	q := qemutest.New(t, "x86_64",
		qemutest.Machine("pc"),
		qemutest.CPU("Haswell"),
		qemutest.Accel("kvm"),
		qemutest.Memory(3<<29),
		qemutest.Assets(fedora31Kernel, fedora31Initrd))

	const cpus = "/sys/devices/system/cpu/"
	vm := bootRescue(q, "-smp", "1,sockets=1,cores=2,threads=1,maxcpus=2")
	linux.Run(vm, "test -d "+cpus+"cpu0 -a ! -e "+cpus+"cpu1")
	vm.QMP("device_add", qemutest.Args{
		"driver": "Haswell-x86_64-cpu", "id": "c1", "socket-id": 0, "core-id": 1, "thread-id": 0,
	})
	vm.WaitFor("CPU1 has been hot-added")
	linux.Run(vm, "test -d "+cpus+"cpu1")
	vm.QMP("device_del", qemutest.Args{"id": "c1"})
	vm.WaitForEvent("DEVICE_DELETED", qemutest.Args{"device": "c1"})
	linux.Run(vm, "test ! -e "+cpus+"cpu1")
}

// bootRescue boots Fedora's rescue system under KVM.
func bootRescue(q *qemutest.Test, args ...string) *qemutest.VM {
	vm := linux.Boot{
		Kernel: q.Fetch(fedora31Kernel),
		Initrd: q.Fetch(fedora31Initrd),
		Append: "console=ttyS0 rd.rescue",
		Args:   append([]string{"-accel", "kvm", "-m", "1G"}, args...),
	}.Launch(q)
	waitForRescueShell(vm)
	return vm
}
