//go:build !qemu_select || qemu_sh4

package sh4

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var adventDay09 = asset.New(
	"https://qemu-advcal.gitlab.io/qac-best-of-multiarch/download/day09.tar.xz",
	"a61b44d2630a739d1380cc4ff4b80981d47ccfd5992f1484ccf48322c35f09ac")

func TestSH4R2DLinux(t *testing.T) {
	q := qemutest.New(t, "sh4",
		qemutest.Machine("r2d"),
		qemutest.Flaky("no bug is filed"),
		qemutest.Assets(adventDay09))

	vm := linux.Boot{
		Kernel:  q.ExtractMember(adventDay09, "day09/zImage"),
		Append:  "console=ttySC1",
		Console: 1,
	}.Launch(q)
	vm.WaitFor("QEMU advent calendar")
}
