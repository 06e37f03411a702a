// Package multiprocess boots guests with a device that another QEMU process
// emulates (docs/system/multi-process.rst of QEMU).
//
//	multiprocess.CheckSCSI(q, linux.Boot{Kernel: ..., Args: []string{"-m", "2G"}})
package multiprocess

import (
	"fmt"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

// SharedMemory are the arguments for 2 GiB of memory that the other process can
// reach: it accesses what the guest tells the device to access.
var SharedMemory = []string{
	"-m", "2G",
	"-object", "memory-backend-memfd,id=sysmem-file,size=2G",
	"-numa", "node,memdev=sysmem-file",
}

// CheckSCSI boots a guest, whose memory is SharedMemory and whose init is a
// shell, with a SCSI controller that another process emulates, and checks that
// the guest finds the controller on its PCI bus.
func CheckSCSI(q *qemutest.Test, boot linux.Boot) {
	remoteSocket, proxySocket := q.SocketPair()

	remote := q.NamedVM("remote", "-nodefaults", "-device", "lsi53c895a,id=lsi1").
		SetMachine("x-remote").SetCPU("").NoConsole()
	remote.AddArgs("-object", fmt.Sprintf("x-remote-object,id=robj1,devid=lsi1,fd=%d", remote.AddFile(remoteSocket)))
	remote.Launch()

	vm := boot.VM(q)
	vm.AddArgs("-device", fmt.Sprintf("x-pci-proxy-dev,id=lsi1,fd=%d", vm.AddFile(proxySocket)))
	vm.Launch()
	vm.WaitFor("as init process")
	linux.Run(vm, "mount -t sysfs sysfs /sys")
	vm.Exec("cat /sys/bus/pci/devices/*/uevent", "PCI_ID=1000:0012")
}
