//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

var (
	lm3s6965Carol = asset.New(
		"https://www.qemu-advent-calendar.org/2023/download/day22.tar.gz",
		"ae3a63ef4b7a22c21bfc7fc0d85e402fe95e223308ed23ac854405016431ff51")
	lm3s811Echo = asset.New(
		"https://github.com/Ahelion/QemuArmM4FDemoSw/raw/master/build/notmain.bin",
		"6ceda031aa081a420fca2fca9e137fa681d6e3820d820ad1917736cb265e611a")
)

func TestArmLM3S6965EVB(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("lm3s6965evb"),
		qemutest.Assets(lm3s6965Carol))

	vm := q.VM("-kernel", q.ExtractMember(lm3s6965Carol, "day22/day22.bin"))
	vm.Launch()
	vm.WaitFor("In a one horse open")
}

// The program answers each character with the one whose code is 1.8 times as
// large, which it computes with the FPU.
func TestArmLM3S811EVB(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("lm3s811evb"),
		qemutest.CPU("cortex-m4"),
		qemutest.Assets(lm3s811Echo))

	vm := q.VM("-kernel", q.Fetch(lm3s811Echo))
	vm.Launch()
	vm.WaitFor("!")
	vm.SendLine("789")
	vm.WaitFor("cdf")
}
