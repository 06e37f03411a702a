//go:build !qemu_select || qemu_arm

package arm

import (
	"path/filepath"
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var vexpressWinter = asset.New(
	"https://qemu-advcal.gitlab.io/qac-best-of-multiarch/download/day16.tar.xz",
	"63311adb2d4c4e7a73214a86d29988add87266a909719c56acfadd026b4110a7")

func TestArmVExpressA9(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("vexpress-a9"),
		qemutest.Assets(vexpressWinter))

	dir := q.Extract(vexpressWinter)
	vm := linux.Boot{
		Kernel: filepath.Join(dir, "day16/winter.zImage"),
		DTB:    filepath.Join(dir, "day16/vexpress-v2p-ca9.dtb"),
	}.Launch(q)
	vm.WaitFor("QEMU advent calendar")
}
