//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/qemutest/functional/archive"
	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/image"
)

var (
	rmeVirtStack = asset.New(
		"https://github.com/p-b-o/qemu-linux-stack/releases/download/build/rme_release-56bc99e.tar.xz",
		"0e3dc6b8a4b828dbae09c951a40dcb710eded084b32432b50c69cf4173ffa4be")
	rmeSBSARefStack = asset.New(
		"https://github.com/p-b-o/qemu-linux-stack/releases/download/build/rme_sbsa_release-6a2dfc5.tar.xz",
		"5adba482aa069912292a8da746c6b21268224d9d81c97fe7c0bed690579ebdcb")
)

// rmeCommandLine makes the host kernel start a guest in a realm. The host kernel
// must not move, because of https://gitlab.com/qemu-project/qemu/-/issues/2823.
const rmeCommandLine = `nokaslr root=/dev/vda rw init=/init -- /host/out/lkvm run --realm -m 256m --restricted_mem ` +
	`--kernel /host/out/Image --disk /host/out/guest.ext4 --params "root=/dev/vda rw init=/init"`

func TestAarch64RMEVirt(t *testing.T) {
	q, dir := newRME(t, "virt,acpi=off,virtualization=on,secure=on,gic-version=3", rmeVirtStack)

	runRealm(rmeVM(q, dir).AddArgs(
		"-bios", filepath.Join(dir, "out/flash.bin"),
		"-kernel", filepath.Join(dir, "out/Image"),
		"-append", rmeCommandLine))
}

func TestAarch64RMESBSARef(t *testing.T) {
	q, dir := newRME(t, "sbsa-ref", rmeSBSARefStack)

	// UEFI's shell runs the script.
	var esp image.FAT
	esp.AddFile("Image", filepath.Join(dir, "out/Image"))
	esp.AddBytes("startup.nsh", []byte("fs0:Image "+rmeCommandLine+"\n"))
	vm := rmeVM(q, dir)
	for _, flash := range []string{"out/SBSA_FLASH0.fd", "out/SBSA_FLASH1.fd"} {
		vm.AddArgs("-drive", "if=pflash,format=raw,file="+filepath.Join(dir, flash))
	}
	vm.AddArgs("-drive", "format=raw,file="+q.Medium("esp.img", &esp))
	runRealm(vm)
}

// newRME starts a test of a machine whose CPU has the Realm Management
// Extension, and returns the directory of an unpacked software stack for it.
func newRME(t *testing.T, machine string, stack *asset.Asset) (q *qemutest.Test, dir string) {
	q = qemutest.New(t, "aarch64",
		qemutest.Version(">= 8.1", "its CPUs have no Realm Management Extension"),
		qemutest.Machine(machine),
		qemutest.CPU("max,x-rme=on"),
		qemutest.Accel("tcg"),
		qemutest.Netdev("user"),
		qemutest.Device("virtio-9p-pci"),
		qemutest.Memory(3<<30),
		qemutest.Cores(2),
		qemutest.Timeout(1200*time.Second),
		qemutest.Assets(stack))
	return q, q.ExtractWith(stack, archive.Options{Format: archive.FormatTar})
}

// rmeVM describes a machine with the host's root file system, which shares the
// directory of the stack.
func rmeVM(q *qemutest.Test, dir string) *qemutest.VM {
	return q.VM("-smp", "2", "-m", "2G",
		"-drive", "if=virtio,format=raw,file="+filepath.Join(dir, "out/host.ext4"),
		"-virtfs", "local,mount_tag=host,security_model=mapped,readonly=off,path="+dir)
}

// runRealm starts a machine and waits for the shell of the guest in the realm.
func runRealm(vm *qemutest.VM) {
	vm.Launch()
	vm.WaitFor("root@guest", "Kernel panic")
}
