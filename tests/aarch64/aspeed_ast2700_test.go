//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/aspeed"
)

// Images of ASPEED's SDK. Each has its files in a directory called name-image,
// and the name as the host name of its OpenBMC.
var (
	ast2700A1 = ast2700SDK{"ast2700-a1", asset.New(
		"https://github.com/AspeedTech-BMC/openbmc/releases/download/v11.01/ast2700-a1-image.tar.gz",
		"859808828531a51931aad3b4e70b28143eebb3cde1838ba7d8e7a2b844c8a1ab")}
	ast2700A1DCSCM = ast2700SDK{"ast2700-a1-dcscm", asset.New(
		"https://github.com/AspeedTech-BMC/openbmc/releases/download/v11.01/ast2700-a1-dcscm-image.tar.gz",
		"4654eabad75da3fd33635cd6d29b7635181daefee7294b68feb124b9d4c24116")}
	ast2700A2 = ast2700SDK{"ast2700-default", asset.New(
		"https://github.com/AspeedTech-BMC/openbmc/releases/download/v11.01/ast2700-default-image.tar.gz",
		"ce89dcd995cf284d41a6a4bd17a1b97d59939f0277bfe54fdaaf30e741ce7487")}
	ast2700A2DCSCM = ast2700SDK{"ast2700-dcscm", asset.New(
		"https://github.com/AspeedTech-BMC/openbmc/releases/download/v11.01/ast2700-dcscm-image.tar.gz",
		"b92ece9ca733dfd7a20193a12582f743b77f1898116b6d6f1abe57ac8db01c56")}
)

func TestAarch64AspeedAST2700A1SDK(t *testing.T) { bootAST2700(t, "ast2700a1-evb", ast2700A1) }
func TestAarch64AspeedAST2700A2SDK(t *testing.T) { bootAST2700(t, "ast2700a2-evb", ast2700A2) }

func TestAarch64AspeedAST2700A1BootROM(t *testing.T) {
	bootAST2700FromROM(t, "ast2700a1-evb", ast2700A1)
}

func TestAarch64AspeedAST2700A2BootROM(t *testing.T) {
	bootAST2700FromROM(t, "ast2700a2-evb", ast2700A2)
}

func TestAarch64AspeedAST2700A1IOExpander(t *testing.T) {
	bootAST2700WithIOExpander(t, "ast2700a1-evb,fmc-model=w25q512jv", ast2700A1DCSCM)
}

func TestAarch64AspeedAST2700A2IOExpander(t *testing.T) {
	bootAST2700WithIOExpander(t, "ast2700a2-evb,fmc-model=w25q512jv", ast2700A2DCSCM)
}

// bootAST2700 starts the firmware that QEMU loads, and lets OpenBMC read a
// sensor and find a network card behind the PCIe bridge.
func bootAST2700(t *testing.T, machine string, image ast2700SDK) {
	q := newAST2700(t, machine, image, qemutest.Device("e1000e"))
	sensor := aspeed.Sensor{ID: "tmp-test-1", Bus: "aspeed.i2c.bus.1", GuestBus: 1}
	files := image.extract(q)
	vm := q.VM(files.loaders()...).
		AddArgs("-smp", "4", "-device", sensor.Device()).
		AddArgs(ast2700Card...).
		AddArgs(files.flash()...)
	vm.LaunchOrSkip(ast2700NoPCIe)
	vm.WaitFor(ast2700UBoot)
	startKernelWithPCIe(vm)
	vm.WaitFor("Linux version ")
	aspeed.LoginSDK(vm, image.name)
	sensor.Check(vm)
	checkAST2700Card(vm)
}

// bootAST2700FromROM starts QEMU's boot ROM, which loads the firmware from flash
// and tells of each step, up to the kernel.
func bootAST2700FromROM(t *testing.T, machine string, image ast2700SDK) {
	q := newAST2700(t, machine, image, qemutest.Device("e1000e"), qemutest.Firmware(ast2700ROM))
	vm := q.VM("-bios", q.Firmware(ast2700ROM)).
		AddArgs(ast2700Card...).
		AddArgs(image.extract(q).flash()...)
	vm.LaunchOrSkip(ast2700NoPCIe)
	vm.WaitFor("Found valid caliptra flash image")
	for _, step := range []string{
		"Check flash image checksum",
		"Read abb header",
		"Read soc manifest",
		"Load atf image",
		"Load optee image",
		"Load uboot image",
		"Load ssp image",
		"Load tsp image",
	} {
		// "Load atf image... pass (0x0)"
		vm.WaitForRegexp(step+"[ .]*pass", step+"... fail")
	}
	vm.WaitFor("Jumping to BL31 (Trusted Firmware-A)")
	vm.WaitFor(ast2700UBoot)
	startKernelWithPCIe(vm)
	vm.WaitFor("Linux version ")
}

// bootAST2700WithIOExpander lets OpenBMC read a sensor of the SoC's own, and one
// behind the I/O expander (AST1700).
func bootAST2700WithIOExpander(t *testing.T, machine string, image ast2700SDK) {
	q := newAST2700(t, machine, image)
	own := aspeed.Sensor{ID: "tmp-test-8", Bus: "aspeed.i2c.bus.8", GuestBus: 8}
	behind := aspeed.Sensor{ID: "tmp-test-16", Bus: "ioexp0.0", GuestBus: 16}
	files := image.extract(q)
	vm := q.VM("-device", behind.Device()).
		AddArgs(files.loaders()...).
		AddArgs("-smp", "4", "-device", own.Device()).
		AddArgs(files.flash()...)
	vm.LaunchOrSkip("Bus 'ioexp0.0' not found")
	vm.WaitFor(ast2700UBoot)
	stopAST2700(vm)
	vm.Exec("boot", "Linux version ")
	aspeed.LoginSDK(vm, image.name)
	own.Check(vm)
	behind.Check(vm)
}
