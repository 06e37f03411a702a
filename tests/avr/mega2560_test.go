//go:build !qemu_select || qemu_avr

package avr

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

var freeRTOS = asset.New(
	"https://github.com/seharris/qemu-avr-tests/raw/36c3e67b8755dcf/free-rtos/Demo/AVR_ATMega2560_GCC/demo.elf",
	"ee4833bd65fc69e84a79ed1c608affddbd499a60e63acf87d9113618401904e4")

// One task of the FreeRTOS demo prints the letters, the other one the X: both
// run, and the timer switches between them.
func TestAVRMega2560FreeRTOS(t *testing.T) {
	q := qemutest.New(t, "avr",
		qemutest.Machine("arduino-mega-2560-v3"),
		qemutest.Assets(freeRTOS))

	vm := q.VM("-bios", q.Fetch(freeRTOS))
	vm.Launch()
	vm.WaitFor("XABCDEFGHIJKLMNOPQRSTUVWXABCDEFGHIJKLMNOPQRSTUVWXA")
}
