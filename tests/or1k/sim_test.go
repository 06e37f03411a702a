//go:build !qemu_select || qemu_or1k

package or1k

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var adventDay20 = asset.New(
	"https://qemu-advcal.gitlab.io/qac-best-of-multiarch/download/day20.tar.xz",
	"ff9d7dd7c6bdba325bd85ee85c02db61ff653e129558aeffe6aff55bffb6763a")

func TestOpenRISCSimLinux(t *testing.T) {
	q := qemutest.New(t, "or1k",
		qemutest.Machine("or1k-sim"),
		qemutest.Assets(adventDay20))

	vm := linux.Boot{Kernel: q.ExtractMember(adventDay20, "day20/vmlinux")}.Launch(q)
	vm.WaitFor("QEMU advent calendar")
}
