//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	vfioUserKernel = asset.New(
		"https://github.com/mcayland-ntx/libvfio-user-test/raw/refs/heads/main/images/bzImage",
		"40292fa6ce95d516e26bccf5974e138d0db65a6de0bc540cabae060fe9dea605")
	vfioUserRootFS = asset.New(
		"https://github.com/mcayland-ntx/libvfio-user-test/raw/refs/heads/main/images/rootfs.ext2",
		"e1e3abae8aebb8e6e77f08b1c531caeacf46250c94c815655c6bbea59fc3d1c1")
)

// A guest uses a GPIO card that a program in another guest emulates. A port of
// virtio-serial brings the program's socket out of that guest.
func TestX86VFIOUserClient(t *testing.T) {
	q := qemutest.New(t, "x86_64",
		qemutest.Machine("pc"),
		qemutest.Device("virtio-serial"),
		qemutest.Device("vfio-user-pci"),
		qemutest.Memory(1<<30),
		qemutest.Timeout(3*time.Minute),
		qemutest.Assets(vfioUserKernel, vfioUserRootFS))
	socket := filepath.Join(q.SocketDir(), "vfio-user.sock")

	server := vfioUserVM(q, "server",
		"-chardev", "socket,id=sock0,server=on,wait=off,path="+socket,
		"-device", "virtio-serial",
		"-device", "virtserialport,chardev=sock0,name=org.fedoraproject.port.0")
	server.Launch()
	linux.Login{}.Run(server)
	const guestSocket, log = "/tmp/vfio-user.sock", "/var/tmp/gpio.out"
	linux.Run(server, "{ gpio-pci-idio-16 -v "+guestSocket+" >"+log+" 2>&1 & }")
	linux.Run(server, "until test -S "+guestSocket+"; do sleep 1; done")
	linux.Run(server, "{ socat UNIX-CONNECT:"+guestSocket+" /dev/vport0p1,ignoreeof & }")

	client := vfioUserVM(q, "client",
		"-device", `{"driver":"vfio-user-pci","socket":{"path":"`+socket+`","type":"unix"}}`)
	if err := client.TryLaunch(); err != nil {
		linux.Run(server, "cat "+log) // for the evidence
		q.Check(err)
	}
	linux.Login{}.Run(client)

	// The last line that the client's driver causes.
	linux.Run(server, "until grep 'gpio: region2: wrote 0 to (0x1:1)' "+log+"; do sleep 1; done")
	var lines []string
	// Without the repetitions it is short enough for a Match.Before.
	for line := range strings.SplitSeq(linux.Run(server, "sort -u "+log).Before, "\n") {
		lines = append(lines, strings.TrimSpace(line))
	}
	assert.Subset(t, lines, vfioUserLines)
}

func vfioUserVM(q *qemutest.Test, name string, args ...string) *qemutest.VM {
	return linux.Boot{
		Kernel: q.Fetch(vfioUserKernel),
		Append: "console=ttyS0 root=/dev/sda",
		Args: append([]string{
			"-drive", "file=" + q.Fetch(vfioUserRootFS) + ",if=ide,format=raw,id=drv0,snapshot=on",
		}, args...),
	}.NamedVM(q, name)
}

// vfioUserLines are what the program says of QEMU and of the client's driver.
var vfioUserLines = []string{
	"gpio: adding DMA region [0, 0xc0000) offset=0 flags=0x3",
	"gpio: devinfo flags 0x3, num_regions 9, num_irqs 5",
	"gpio: region_info[0] offset 0 flags 0 size 0 argsz 32",
	"gpio: region_info[1] offset 0 flags 0 size 0 argsz 32",
	"gpio: region_info[2] offset 0 flags 0x3 size 256 argsz 32",
	"gpio: region_info[3] offset 0 flags 0 size 0 argsz 32",
	"gpio: region_info[4] offset 0 flags 0 size 0 argsz 32",
	"gpio: region_info[5] offset 0 flags 0 size 0 argsz 32",
	"gpio: region_info[7] offset 0 flags 0x3 size 256 argsz 32",
	"gpio: region7: read 256 bytes at 0",
	"gpio: region7: read 0 from (0x30:4)",
	"gpio: cleared EROM",
	"gpio: I/O space enabled",
	"gpio: memory space enabled",
	"gpio: SERR# enabled",
	"gpio: region7: wrote 0x103 to (0x4:2)",
}
