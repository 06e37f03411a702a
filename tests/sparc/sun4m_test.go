//go:build !qemu_select || qemu_sparc

package sparc

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var adventDay11 = asset.New(
	"https://qemu-advcal.gitlab.io/qac-best-of-multiarch/download/day11.tar.xz",
	"c776533ba756bf4dd3f1fc4c024fb50ef0d853e05c5f5ddf0900a32d1eaa49e0")

func TestSPARCSS20Linux(t *testing.T) {
	q := qemutest.New(t, "sparc",
		qemutest.Machine("SS-20"),
		qemutest.Assets(adventDay11))

	vm := linux.Boot{Kernel: q.ExtractMember(adventDay11, "day11/zImage.elf")}.Launch(q)
	vm.WaitFor("QEMU advent calendar")
}
