//go:build !qemu_select || qemu_xtensa

package xtensa

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var adventDay02 = asset.New(
	"https://qemu-advcal.gitlab.io/qac-best-of-multiarch/download/day02.tar.xz",
	"68ff07f9b3fd3df36d015eb46299ba44748e94bfbb2d5295fddc1a8d4a9fd324")

func TestXtensaLX60Linux(t *testing.T) {
	q := qemutest.New(t, "xtensa",
		qemutest.Machine("lx60"),
		qemutest.CPU("dc233c"),
		qemutest.Assets(adventDay02))

	vm := linux.Boot{Kernel: q.ExtractMember(adventDay02, "day02/santas-sleigh-ride.elf")}.Launch(q)
	vm.WaitFor("QEMU advent calendar")
}
