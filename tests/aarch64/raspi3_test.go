//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

var raspi3UEFI = asset.New(
	"https://github.com/pbatard/RPi3/releases/download/v1.15/RPi3_UEFI_Firmware_v1.15.zip",
	"8cff2e979560048b4c84921f41a91893240b9fb71a88f0b5c5d6c8edd994bd5b")

// Trusted Firmware starts UEFI, whose console is the second UART.
func TestAarch64Raspi3UEFI(t *testing.T) {
	q := qemutest.New(t, "aarch64",
		qemutest.Machine("raspi3b"),
		qemutest.CPU("cortex-a53"),
		qemutest.Assets(raspi3UEFI))

	firmware := q.ExtractMember(raspi3UEFI, "RPI_EFI.fd")
	vm := q.VM("-nodefaults", "-device", "loader,force-raw=true,file="+firmware).SetConsole(1)
	vm.Launch()
	vm.WaitFor("version UEFI Firmware v1.15")
}
