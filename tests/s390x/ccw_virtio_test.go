//go:build !qemu_select || qemu_s390x

package s390x

import (
	"fmt"
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	busterKernel = asset.New(
		"https://snapshot.debian.org/archive/debian/20201126T092837Z/dists/buster/main/installer-s390x/20190702+deb10u6/images/generic/kernel.debian",
		"d411d17c39ae7ad38d27534376cbe88b68b403c325739364122c2e6f1537e818")
	busterInitrd = asset.New(
		"https://snapshot.debian.org/archive/debian/20201126T092837Z/dists/buster/main/installer-s390x/20190702+deb10u6/images/generic/initrd.debian",
		"836bbd0fe6a5ca81274c28c2b063ea315ce1868660866e9b60180c575fef9fd5")
)

// The feature bits of a virtio device as sysfs shows them, bit 0 first. Bit 32
// is VIRTIO_F_VERSION_1.
const (
	legacyFeatures  = "0000000000000000000000000000110000000000000000000000000000000000"
	virtio1Features = "0000000000000000000000000000110010000000000000000000000000000000"
)

// The guest finds virtio devices on the buses and under the numbers that the
// command line gives, negotiates the revision that each allows, and follows
// devices that come and go.
func TestS390XCCWDevices(t *testing.T) {
	q := qemutest.New(t, "s390x",
		qemutest.Machine("s390-ccw-virtio"),
		qemutest.CPU("max,prno-trng=off"),
		qemutest.Timeout(4*time.Minute),
		qemutest.Assets(busterKernel, busterInitrd))

	guest := &ccwGuest{VM: linux.Boot{
		Kernel: q.Fetch(busterKernel),
		Initrd: q.Fetch(busterInitrd),
		Append: "console=sclp0 root=/dev/ram0 BOOT_DEBUG=3",
		Args: []string{
			"-device", "virtio-net-ccw,devno=fe.1.1111",
			"-device", "virtio-rng-ccw,devno=fe.2.0000,max_revision=0,id=rn1",
			"-device", "virtio-rng-ccw,devno=fe.3.1234,max_revision=2,id=rn2",
			"-device", "zpci,uid=5,target=zzz",
			"-device", "virtio-net-pci,id=zzz",
			"-device", "zpci,uid=0xa,fid=12,target=serial",
			"-device", "virtio-serial-pci,id=serial",
			"-device", "virtio-balloon-ccw",
		},
	}.Launch(q)}

	// With BOOT_DEBUG=3 the installer stops at two places, in a shell each time.
	const shell = "sh: can't access tty; job control turned off"
	guest.WaitFor(shell)
	guest.Exec("exit", shell)
	guest.checkDevices()
	guest.unplugRNGs()
	guest.plugNIC()
	guest.inflateBalloon()
}

// A ccwGuest is Linux at its shell, with the devices of TestS390XCCWDevices.
type ccwGuest struct {
	*qemutest.VM
	cleared int // how often the kernel's messages were
}

func (g *ccwGuest) checkDevices() {
	g.Exec("ls /sys/bus/ccw/devices/", "0.1.1111  0.2.0000  0.3.1234")
	g.Exec("ls /sys/bus/pci/devices/", "0005:00:00.0  000a:00:00.0")
	g.Exec("cat /sys/bus/ccw/devices/0.2.0000/virtio?/features", legacyFeatures)
	g.Exec("cat /sys/bus/ccw/devices/0.3.1234/virtio?/features", virtio1Features)
	g.Exec("cat /sys/bus/ccw/devices/0.1.1111/cutype", "3832/01")
	g.Exec(`cat /sys/bus/pci/devices/0005\:00\:00.0/subsystem_vendor`, "0x1af4")
	g.Exec(`cat /sys/bus/pci/devices/0005\:00\:00.0/subsystem_device`, "0x1100")
	g.Exec(`cat /sys/bus/pci/devices/000a\:00\:00.0/function_id`, "0x0000000c")
}

// unplugRNGs takes away one source of random numbers, then the other.
func (g *ccwGuest) unplugRNGs() {
	const read = "dd if=/dev/hwrng of=/dev/null bs=1k count=10"
	g.Exec(read, "10+0 records out")
	for _, id := range []string{"rn1", "rn2"} {
		g.clearMessages()
		g.unplug(id)
		g.waitForReport()
	}
	g.Exec(read, "dd: /dev/hwrng: No such device")
}

// plugNIC adds a network card and takes it away again.
func (g *ccwGuest) plugNIC() {
	g.clearMessages()
	g.QMP("device_add", qemutest.Args{"driver": "virtio-net-ccw", "devno": "fe.0.4711", "id": "net_4711"})
	g.waitForReport()
	g.Exec("until ls /sys/bus/ccw/devices/ | grep 4711; do sleep 1; done", "0.0.4711")

	g.clearMessages()
	g.unplug("net_4711")
	g.waitForReport()
	g.Exec("ls /sys/bus/ccw/devices/0.0.4711", "No such file or directory")
}

// inflateBalloon takes 32 MiB of 128 MiB from the guest, and gives them back.
func (g *ccwGuest) inflateBalloon() {
	const (
		memory = "head -n 1 /proc/meminfo"
		all    = "MemTotal:         115640 kB"
		less   = "MemTotal:          82872 kB"
	)
	g.Exec(memory, all)
	g.balloon(96 << 20)
	g.Exec(memory, less)
	g.balloon(128 << 20)
	g.Exec(memory, all)
}

// balloon sets how much memory the guest may have, in bytes, and waits until it
// says that it has no more.
func (g *ccwGuest) balloon(size int) {
	g.QMP("balloon", qemutest.Args{"value": size})
	g.WaitForEvent("BALLOON_CHANGE", qemutest.Args{"actual": size})
}

func (g *ccwGuest) unplug(id string) {
	g.QMP("device_del", qemutest.Args{"id": id})
	g.WaitForEvent("DEVICE_DELETED", qemutest.Args{"device": id})
}

// clearMessages clears the kernel's messages.
func (g *ccwGuest) clearMessages() {
	g.cleared++
	// The backslash keeps the echo of the command from looking like its output.
	g.Exec(fmt.Sprintf(`dmesg -c > /dev/null; echo dm_clear\ %d`, g.cleared), fmt.Sprintf("dm_clear %d", g.cleared))
}

// waitForReport waits for the channel report word that tells the kernel that a
// device has come or gone.
func (g *ccwGuest) waitForReport() {
	g.Exec("while ! (dmesg -c | grep CRW) ; do sleep 1 ; done", "CRW reports")
}
