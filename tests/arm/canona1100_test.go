//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

var canonA1100 = asset.New(
	"https://qemu-advcal.gitlab.io/qac-best-of-multiarch/download/day18.tar.xz",
	"28e71874ce985be66b7fd1345ed88cb2523b982f899c8d2900d6353054a1be49")

func TestArmCanonA1100(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("canon-a1100"),
		qemutest.Assets(canonA1100))

	vm := q.VM("-bios", q.ExtractMember(canonA1100, "day18/barebox.canon-a1100.bin"))
	vm.Launch()
	vm.WaitFor("running /env/bin/init")
}
