//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	collieKernel = asset.New(
		"https://github.com/groeck/linux-test-downloads/raw/225223f2ad7d637b34426810bf6c3b727b76a718/collie/zImage",
		"10ace8abf9e0875ef8a83b8829cc3b5b50bc6d7bc3ca29f19f49f5673a43c13b")
	collieInitrd = asset.New(
		"https://github.com/groeck/linux-test-downloads/raw/225223f2ad7d637b34426810bf6c3b727b76a718/collie/rootfs-sa110.cpio",
		"89ccaaa5c6b33331887047e1618ffe81b0f55909173944347d5d2426f3bcc1f2")
)

// The guest's init reboots.
func TestArmCollie(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("collie"),
		qemutest.Timeout(180*time.Second),
		qemutest.Assets(collieKernel, collieInitrd))

	vm := linux.Boot{
		Kernel: q.Fetch(collieKernel),
		Initrd: q.Fetch(collieInitrd),
		Append: "rdinit=/sbin/init console=ttySA1",
	}.Launch(q)
	vm.WaitFor("reboot: Restarting system")
}
