//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

var microPython = asset.New(
	"https://ozlabs.org/~joel/microbit-micropython.hex",
	"021641f93dfb11767d4978dbb3ca7f475d1b13c69e7f4aec3382f212636bffd6")

func TestArmMicrobit(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("microbit"),
		qemutest.Assets(microPython))

	vm := q.VM("-device", "loader,file="+q.Fetch(microPython))
	vm.Launch()
	vm.WaitFor(`Type "help()" for more information.`)
	vm.WaitFor(">>>")
	vm.Exec("import machine as mch", ">>>")
	vm.Exec("mch.reset()", "MicroPython")
	vm.WaitFor(">>>")
}
