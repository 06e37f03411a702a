//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/qemutest/functional/archive"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/guest"
	"github.com/qemutest/functional/qemutest/image"
	"github.com/qemutest/functional/qemutest/kernel"
	"github.com/qemutest/functional/qemutest/machine"
	"github.com/stretchr/testify/assert"
)

var cloudKernel = kernel.Package{Arch: "amd64", Flavour: "cloud-amd64"}

// launchGuest boots the distribution's kernel with the agent.
func launchGuest(t *testing.T, channel qemutest.GuestChannel, parameters string) *qemutest.VM {
	q := qemutest.New(t, "x86_64",
		qemutest.Machine("q35"),
		qemutest.Memory(2<<30),
		qemutest.Timeout(5*time.Minute),
		qemutest.Assets(cloudKernel))
	k := q.Kernel(cloudKernel)
	root := q.AgentInitramfs(k, image.GoProgram{GOARCH: "amd64"})
	vm := q.VM("-m", "1G", "-no-reboot",
		"-kernel", k.Image,
		"-initrd", q.Initramfs(root),
		"-append", strings.TrimSpace("console=ttyS0 no_timer_check panic=-1 "+parameters),
		"-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net")
	vm.EnableGuest(channel)
	vm.Launch()
	vm.Guest().Wait()
	return vm
}

// checkGuest does a little of everything, and powers off.
func checkGuest(t *testing.T, vm *qemutest.VM, channel string) {
	g := vm.Guest()
	info := g.Wait()
	assert.Equal(t, channel, info.Channel)
	assert.Equal(t, "x86_64", info.Machine)
	assert.Contains(t, string(g.ReadFile("/proc/net/route")), "eth0\t00000000\t0202000A")
	g.WriteFile("/tmp/a", []byte("\x00\xff"), 0o600)
	assert.Equal(t, "\x00\xff", string(g.ReadFile("/tmp/a")))
	assert.Equal(t, int64(2), g.Stat("/tmp/a").Size())
	g.Mount(guest.Mount{Source: "none", Target: "/media", Type: "tmpfs", Options: "ro"})
	assert.Contains(t, string(g.ReadFile("/proc/mounts")), "none /media tmpfs ro")
	g.Mount(guest.Mount{Source: "none", Target: "/mnt", Type: "tmpfs", Options: "defaults,noatime,private,size=1m"})
	g.WriteFile("/mnt/a", nil, 0o600)
	g.Mount(guest.Mount{Source: "/mnt", Target: "/srv", Options: "bind,ro"})
	mounts := string(g.ReadFile("/proc/mounts"))
	assert.Contains(t, mounts, "none /mnt tmpfs rw,noatime,size=1024k")
	assert.Contains(t, mounts, "none /srv tmpfs ro,")
	assert.Equal(t, int64(0), g.Stat("/srv/a").Size())
	g.PowerOff()
	assert.Equal(t, machine.GuestShutdown, vm.WaitForExit().Kind)
}

func TestX86Q35GuestOverVirtio(t *testing.T) {
	checkGuest(t, launchGuest(t, qemutest.VirtioChannel(""), ""), "/dev/vport1p1")
}

func TestX86Q35GuestOverSerialPort(t *testing.T) {
	checkGuest(t, launchGuest(t, qemutest.SerialChannel(1), "qemutest.channel=/dev/ttyS1"), "/dev/ttyS1")
}

func TestX86Q35GuestOverConsole(t *testing.T) {
	checkGuest(t, launchGuest(t, qemutest.ConsoleChannel(), ""), "/dev/console")
}

// The agent's network is that of any interface, by the driver that it is told to
// load.
func TestX86Q35GuestWithAnotherNIC(t *testing.T) {
	fullKernel := kernel.Package{Arch: "amd64", Flavour: "amd64"} // the other has virtio only
	q := qemutest.New(t, "x86_64",
		qemutest.Machine("q35"),
		qemutest.Netdev("user"),
		qemutest.Timeout(5*time.Minute),
		qemutest.Assets(fullKernel))
	k := q.Kernel(fullKernel)
	vm := q.VM("-m", "1G", "-nic", "user,model=e1000e",
		"-kernel", k.Image,
		"-initrd", q.Initramfs(q.AgentInitramfs(k, image.GoProgram{GOARCH: "amd64"}, "e1000e")),
		"-append", "console=ttyS0 no_timer_check panic=-1")
	vm.EnableGuest(qemutest.VirtioChannel(""))
	vm.Launch()
	g := vm.Guest()
	assert.Contains(t, string(g.ReadFile("/proc/net/route")), "eth0\t00000000\t0202000A")
	assert.Equal(t, "nameserver 10.0.2.3\n", string(g.ReadFile("/etc/resolv.conf")))
	g.PowerOff()
	assert.Equal(t, machine.GuestShutdown, vm.WaitForExit().Kind)
}

// The guest starts anew when it is told to, and panics. The kernel decompresses
// its initial RAM file system.
func TestX86Q35GuestStartsAnewAndPanics(t *testing.T) {
	for _, compression := range []archive.Compression{archive.Gzip, archive.XZ, archive.Zstd} {
		t.Run(string(compression), func(t *testing.T) {
			q := qemutest.New(t, "x86_64",
				qemutest.Machine("q35"),
				qemutest.Timeout(5*time.Minute),
				qemutest.Assets(cloudKernel))
			k := q.Kernel(cloudKernel)
			root := q.AgentInitramfs(k, image.GoProgram{GOARCH: "amd64"})
			root.Compression = compression
			vm := q.VM("-m", "512M", "-nic", "none", "-action", "reboot=reset",
				"-kernel", k.Image,
				"-initrd", q.Initramfs(root),
				"-append", "console=ttyS0 no_timer_check panic=-1")
			vm.EnableGuest(qemutest.VirtioChannel(""))
			vm.Launch()
			g := vm.Guest()
			g.WriteFile("/tmp/mark", nil, 0o600)
			g.Reboot()
			assert.Empty(t, g.ReadDir("/tmp"))
			vm.QMP("set-action", qemutest.Args{"reboot": "shutdown"})
			vm.ExpectConsole("Kernel panic - not syncing")
			g.Panic()
			assert.Equal(t, machine.GuestReset, vm.WaitForExit().Kind)
		})
	}
}

// The agent's other end of a large file is right, both ways.
func TestX86Q35GuestLargeFiles(t *testing.T) {
	g := launchGuest(t, qemutest.VirtioChannel(""), "").Guest()
	const size = 100 << 20
	sent := sha256.New()
	g.Send("/tmp/file", io.TeeReader(io.LimitReader(rand.NewChaCha8([32]byte{1}), size), sent), 0o600)
	assert.Equal(t, int64(size), g.Stat("/tmp/file").Size())
	received := sha256.New()
	g.Receive("/tmp/file", received)
	assert.Equal(t, fmt.Sprintf("%x", sent.Sum(nil)), fmt.Sprintf("%x", received.Sum(nil)))
}
