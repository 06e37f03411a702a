package aspeed

import (
	"bytes"
	"fmt"
	"os"

	"github.com/qemutest/functional/qemutest"
)

// otpNode is the name of the block node behind the OTP memory.
const otpNode = "otp"

// LaunchWithOTP starts a machine with an OTP memory in which nothing is
// programmed, backed by a file. It skips the test if QEMU does not know this
// memory.
func LaunchWithOTP(vm *qemutest.VM) {
	q := vm.Test()
	image := q.Scratch("otpmem.img")
	q.Check(os.WriteFile(image, emptyOTP(), 0o600))
	vm.AddArgs(
		"-blockdev", "driver=file,filename="+image+",node-name="+otpNode,
		"-global", "aspeed-otp.drive="+otpNode)
	vm.Launch()
	// QEMU only warns of a -global for a device that it does not know.
	if _, err := vm.TryQMP("device-list-properties", qemutest.Args{"typename": "aspeed-otp"}); err != nil {
		q.Skip(qemutest.KindDevice, "this QEMU has no device aspeed-otp: %v", err)
	}
	checkOTPDrive(vm)
}

// emptyOTP returns the contents of an OTP memory of 16 KiB: words of which
// unprogrammed bits are 0 and 1 in turns.
func emptyOTP() []byte {
	return bytes.Repeat([]byte{0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff}, 2048)
}

// checkOTPDrive checks that a device of the machine uses the file.
func checkOTPDrive(vm *qemutest.VM) {
	type block struct {
		Inserted *struct {
			NodeName string `json:"node-name"`
		} `json:"inserted"`
	}
	for _, b := range qemutest.Query[[]block](vm, "query-block") {
		if b.Inserted != nil && b.Inserted.NodeName == otpNode {
			return
		}
	}
	vm.Test().Check(fmt.Errorf("expected a device of the machine to use the block node %q, found none", otpNode))
}
