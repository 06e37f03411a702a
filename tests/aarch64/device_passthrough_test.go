//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/qemutest/functional/archive"
	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var devicePassthroughStack = asset.New(
	"https://github.com/p-b-o/qemu-linux-stack/releases/download/build/device_passthrough-a9612a2.tar.xz",
	"f7d2f70912e7231986e6e293e1a2c4786dd02bec113a7acb6bfc619e96155455")

// passthroughScript is the init of the guest. It takes two NVMe disks away from
// their driver and hands them to a guest of its own, which KVM runs: one through
// the groups of VFIO, the other through iommufd. When it fails, init ends, and
// the kernel panics.
const passthroughScript = `set -euxo pipefail
block_device() { lsblk --nvme --noheadings | grep -w "$1" | cut -d ' ' -f 1; }
pci_address() { basename "$(readlink -f "/sys/block/$1/../../../")"; }
give_to_vfio() {
    dev=/sys/bus/pci/devices/$1
    if [ "$(cat "$dev/driver_override")" = vfio-pci ]; then return; fi
    echo "$1" > /sys/bus/pci/drivers/nvme/unbind
    echo vfio-pci > "$dev/driver_override"
    echo "$1" > /sys/bus/pci/drivers/vfio-pci/bind
}
vfio=$(pci_address "$(block_device vfio)")
iommufd=$(pci_address "$(block_device iommufd)")
give_to_vfio "$vfio"
give_to_vfio "$iommufd"
qemu-system-aarch64 -M virt -display none -serial stdio -cpu host -enable-kvm -m 1G \
    -kernel /host/Image.gz -drive format=raw,file=/host/guest.ext4,if=virtio \
    -append 'root=/dev/vda init=/init -- bash /host/nested_guest.sh' \
    -virtfs local,path=/host,mount_tag=host,security_model=mapped,readonly=off \
    -device vfio-pci,host="$vfio" \
    -object iommufd,id=iommufd0 -device vfio-pci,host="$iommufd",iommufd=iommufd0
`

// nestedScript is the init of the guest's guest: it compares the disks with what
// they were made of.
const nestedScript = `set -euxo pipefail
block_device() { lsblk --nvme --noheadings | grep -w "$1" | cut -d ' ' -f 1; }
diff /host/disk_vfio "/dev/$(block_device vfio)"
diff /host/disk_iommufd "/dev/$(block_device iommufd)"
echo device_passthrough_test_ok
`

func TestAarch64DevicePassthrough(t *testing.T) {
	q := qemutest.New(t, "aarch64",
		qemutest.Machine("virt,virtualization=on,gic-version=max,iommu=smmuv3"),
		qemutest.CPU("max"),
		qemutest.Accel("tcg"),
		qemutest.Device("virtio-9p-pci"),
		qemutest.Memory(3<<30),
		qemutest.Timeout(12*time.Minute),
		qemutest.Assets(devicePassthroughStack))

	dir := filepath.Join(q.ExtractWith(devicePassthroughStack, archive.Options{Format: archive.FormatTar}), "out")
	for name, content := range map[string][]byte{
		"disk_vfio":       randomBytes(512),
		"disk_iommufd":    randomBytes(1024),
		"guest.sh":        []byte(passthroughScript),
		"nested_guest.sh": []byte(nestedScript),
	} {
		q.Check(os.WriteFile(filepath.Join(dir, name), content, 0o644))
	}
	vm := linux.Boot{
		Kernel: filepath.Join(dir, "Image.gz"),
		Append: "root=/dev/vda init=/init -- bash /host/guest.sh",
		Args: []string{
			"-m", "2G",
			"-drive", "format=raw,file=" + filepath.Join(dir, "host.ext4"),
			"-drive", "file=" + filepath.Join(dir, "disk_vfio") + ",if=none,id=vfio,format=raw",
			"-device", "nvme,serial=vfio,drive=vfio",
			"-drive", "file=" + filepath.Join(dir, "disk_iommufd") + ",if=none,id=iommufd,format=raw",
			"-device", "nvme,serial=iommufd,drive=iommufd",
			"-virtfs", "local,path=" + dir + ",mount_tag=host,security_model=mapped,readonly=off",
		},
	}.Launch(q)
	vm.WaitFor("device_passthrough_test_ok", "Kernel panic")
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}
