//go:build !qemu_select || qemu_ppc

package ppc

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var creek = asset.New(
	"https://qemu-advcal.gitlab.io/qac-best-of-multiarch/download/day04.tar.xz",
	"88bc83f3c9f3d633bcfc108a6342d677abca247066a2fb8d4636744a0d319f94")

func TestPPCMPC8544DSLinux(t *testing.T) {
	q := qemutest.New(t, "ppc",
		qemutest.Machine("mpc8544ds"),
		qemutest.Accel("tcg"),
		qemutest.Assets(creek))

	vm := linux.Boot{Kernel: q.ExtractMember(creek, "creek/creek.bin")}.Launch(q)
	vm.WaitFor("QEMU advent calendar 2020")
}
