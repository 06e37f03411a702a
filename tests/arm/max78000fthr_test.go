//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

var max78000Firmware = asset.New(
	"https://github.com/JacksonDonaldson/max78000Test/raw/main/build/max78000.bin",
	"86940b4bf60931bc6a8aa5db4b9f7f3cf8f64dbbd7ac534647980e536cf3adf7")

// The firmware takes commands of one letter: i for the instruction cache, r for
// a reset and z for zeroing memory by the global control registers, t for the
// random number generator, a for AES.
func TestArmMax78000FTHR(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("max78000fthr"),
		qemutest.Assets(max78000Firmware))

	firmware := q.Fetch(max78000Firmware)
	vm := q.VM("-kernel", firmware, "-device", "loader,addr=0x10000000,file="+firmware)
	vm.Launch()
	vm.WaitFor("started")
	vm.SendLine("i")
	vm.WaitFor("CTRL: 00010001")
	vm.SendLine("r")
	vm.WaitFor("started")
	vm.SendLine("z")
	vm.WaitFor("initial value: 12345678")
	vm.WaitFor("after memz: 00000000")
	vm.SendLine("t")
	vm.WaitFor("random data:")
	vm.SendLine("a")
	vm.WaitFor("encrypted to : a47ca9dd e0df4c86 a070af6e 91710dec")
	vm.WaitFor("encrypted to : cab7a28e bf456751 9049fcea 8960494b")
}
