//go:build !qemu_select || qemu_m68k

package m68k

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

var adventDay07 = asset.New(
	"https://qemu-advcal.gitlab.io/qac-best-of-multiarch/download/day07.tar.xz",
	"753c2f3837126b7c6ba92d0b1e0b156e8a2c5131d2d576bb0b9a763fae73c08a")

func TestM68kMCF5208EVB(t *testing.T) {
	q := qemutest.New(t, "m68k",
		qemutest.Machine("mcf5208evb"),
		qemutest.Assets(adventDay07))

	vm := q.VM("-kernel", q.ExtractMember(adventDay07, "day07/sanity-clause.elf"))
	vm.Launch()
	vm.WaitFor("QEMU advent calendar")
}
