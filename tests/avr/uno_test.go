//go:build !qemu_select || qemu_avr

package avr

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

var ledBlink = asset.New(
	"https://github.com/RahulRNandan/LED_Blink_AVR/raw/c6d602cbb974a193/build/main.elf",
	"3009a4e2cf5c5b65142f538abdf66d4dc6bc6beab7e552fff9ae314583761b72")

func TestAVRUnoSerial(t *testing.T) {
	q := qemutest.New(t, "avr",
		qemutest.Machine("arduino-uno"),
		qemutest.Assets(ledBlink))

	vm := q.VM("-bios", q.Fetch(ledBlink))
	vm.Launch()
	vm.WaitFor("LED Blink")
}
