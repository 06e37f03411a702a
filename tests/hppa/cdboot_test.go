//go:build !qemu_select || qemu_hppa

package hppa

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

var firmwareUpdate = asset.New(
	"https://github.com/philmd/qemu-testing-blob/raw/ec1b741/hppa/hp9000/712/C7120023.frm",
	"32c612ad2074516986bdc27768903c561fa92af2ca48e5ac3f3359ade1c42f70")

// The CD is an update of the firmware of another model, which says so and gives
// a prompt. It wants Enter twice after each command.
func TestHPPACDBoot(t *testing.T) {
	q := qemutest.New(t, "hppa",
		qemutest.Machine("B160L"),
		qemutest.Assets(firmwareUpdate))

	vm := q.VM("-cdrom", q.Fetch(firmwareUpdate), "-boot", "d", "-no-reboot")
	vm.Launch()
	vm.WaitFor("Unrecognized MODEL TYPE = 502")
	vm.WaitFor("UPDATE PAUSED>")
	vm.SendLine("exit\r")
	vm.WaitFor("UPDATE>")
	vm.SendLine("ls\r")
	vm.WaitFor("IMAGE1B")
	vm.WaitFor("UPDATE>")
	vm.SendLine("exit\r")
	vm.WaitFor("THIS UTILITY WILL NOW RESET THE SYSTEM.....")
}
