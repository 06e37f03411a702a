//go:build !qemu_select || qemu_ppc64

package ppc64

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/tuxrun"
)

var (
	tuxrunBEKernel = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/ppc64/vmlinux",
		"8219d5cb26e7654ad7826fe8aee6290f7c01eef44f2cd6d26c15fe8f99e1c17c")
	tuxrunBERootFS = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/ppc64/rootfs.ext4.zst",
		"b68e12314303c5dd0fef37ae98021299a206085ae591893e73557af99a02d373")
	tuxrunLEKernel = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/ppc64le/vmlinux",
		"21aea1fbc18bf6fa7d8ca4ea48d4940b2c8363c077acd564eb47d769b7495279")
	tuxrunLERootFS = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/ppc64le/rootfs.ext4.zst",
		"67d36a3f9597b738e8b7359bdf04500f4d9bb82fc35eaa65aa439d888b2392f4")
)

func TestPPC64TuxRun(t *testing.T)             { runTuxRun(t, tuxrunBEKernel, tuxrunBERootFS) }
func TestPPC64TuxRunLittleEndian(t *testing.T) { runTuxRun(t, tuxrunLEKernel, tuxrunLERootFS) }

// runTuxRun boots from a SCSI disk, on a machine with the devices that libvirt
// would give it.
func runTuxRun(t *testing.T, kernel, rootFS *asset.Asset) {
	q := qemutest.New(t, "ppc64",
		qemutest.Machine("pseries"),
		qemutest.CPU("POWER10"),
		qemutest.Netdev("user"),
		tuxrun.Timeout,
		qemutest.Memory(5<<29),
		qemutest.Assets(kernel, rootFS))

	disk := q.Scratch("empty.qcow2")
	q.Tool("qemu-img", "create", "-f", "qcow2", disk, "1G")
	tuxrun.Guest{
		Kernel:   kernel,
		RootFS:   rootFS,
		Console:  "hvc0",
		Root:     "sda",
		Disk:     "scsi-hd",
		TurnsOff: true,
		Args: append(libvirtDevices(),
			"-drive", "file="+disk+",format=qcow2,if=none,id=drive-virtio-disk1",
			"-device", "virtio-blk-pci,bus=pci.0,addr=0xb,drive=drive-virtio-disk1,id=virtio-disk1,bootindex=2",
			"-device", "spapr-vscsi"),
	}.Run(q)
}

// libvirtDevices returns the arguments for many devices, written as libvirt
// writes them.
func libvirtDevices() []string {
	return []string{
		"-netdev", "user,id=vnet,hostfwd=tcp:127.0.0.1:0-:22",
		"-device", "virtio-net,netdev=vnet",
		"-netdev", `{"type":"user","id":"hostnet0"}`,
		"-device", `{"driver":"virtio-net-pci","netdev":"hostnet0","id":"net0","mac":"52:54:00:4c:e3:86","bus":"pci.0","addr":"0x9"}`,
		"-device", `{"driver":"qemu-xhci","p2":15,"p3":15,"id":"usb","bus":"pci.0","addr":"0x2"}`,
		"-device", `{"driver":"virtio-scsi-pci","id":"scsi0","bus":"pci.0","addr":"0x3"}`,
		"-device", `{"driver":"virtio-serial-pci","id":"virtio-serial0","bus":"pci.0","addr":"0x4"}`,
		"-device", `{"driver":"scsi-cd","bus":"scsi0.0","channel":0,"scsi-id":0,"lun":0,"device_id":"drive-scsi0-0-0-0","id":"scsi0-0-0-0"}`,
		"-device", `{"driver":"virtio-balloon-pci","id":"balloon0","bus":"pci.0","addr":"0x6"}`,
		"-audiodev", `{"id":"audio1","driver":"none"}`,
		"-device", `{"driver":"usb-tablet","id":"input0","bus":"usb.0","port":"1"}`,
		"-device", `{"driver":"usb-kbd","id":"input1","bus":"usb.0","port":"2"}`,
		"-device", `{"driver":"VGA","id":"video0","vgamem_mb":16,"bus":"pci.0","addr":"0x7"}`,
		"-object", `{"qom-type":"rng-random","id":"objrng0","filename":"/dev/urandom"}`,
		"-device", `{"driver":"virtio-rng-pci","rng":"objrng0","id":"rng0","bus":"pci.0","addr":"0x8"}`,
		"-object", `{"qom-type":"cryptodev-backend-builtin","id":"objcrypto0","queues":1}`,
		"-device", `{"driver":"virtio-crypto-pci","cryptodev":"objcrypto0","id":"crypto0","bus":"pci.0","addr":"0xa"}`,
		"-device", `{"driver":"spapr-pci-host-bridge","index":1,"id":"pci.1"}`,
		"-device", `{"driver":"spapr-vscsi","id":"scsi1","reg":12288}`,
		"-m", "1G,slots=32,maxmem=2G",
		"-object", "memory-backend-ram,id=ram1,size=1G",
		"-device", "pc-dimm,id=dimm1,memdev=ram1",
	}
}
