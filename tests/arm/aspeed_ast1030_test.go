//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/aspeed"
)

var (
	ast1030Zephyr107 = asset.New(
		"https://github.com/AspeedTech-BMC/zephyr/releases/download/v00.01.07/ast1030-evb-demo.zip",
		"ad52e27959746988afaed8429bf4e12ab988c05c4d07c9d90e13ec6f7be4574c")
	ast1030Zephyr306 = asset.New(
		"https://github.com/AspeedTech-BMC/zephyr/releases/download/v00.03.06/ast1030-evb-demo.zip",
		"056f37fcd9f165308cedca3a08f2bed37ed40c0a1402c4fa515613b80a369f38")
)

func TestArmAspeedAST1030Commands(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("ast1030-evb"),
		qemutest.Assets(ast1030Zephyr107))

	vm := q.VM("-kernel", q.ExtractMember(ast1030Zephyr107, "ast1030-evb-demo/zephyr.bin"))
	vm.Launch()
	vm.WaitFor("Booting Zephyr OS")
	const prompt = "uart:~$"
	vm.WaitFor(prompt)
	for _, command := range []string{
		"kernel stacks",
		"otp info conf",
		"otp info scu",
		"hwinfo devid",
		"crypto aes256_cbc_vault",
		"random get",
		"jtag JTAG1 sw_xfer high TMS",
		"adc ADC0 resolution 12",
		"adc ADC0 read 42",
		"adc ADC1 read 69",
		"i2c scan I2C_0",
		"i3c attach I3C_0",
		"hash test",
		"kernel uptime",
	} {
		vm.Exec(command, prompt)
	}
	for _, command := range []string{"kernel reboot warm", "kernel reboot cold"} {
		vm.Exec(command, "Booting Zephyr OS")
		vm.WaitFor(prompt)
		vm.Exec("kernel uptime", prompt)
	}
}

func TestArmAspeedAST1030Help(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("ast1030-evb"),
		qemutest.Assets(ast1030Zephyr306))

	vm := q.VM("-kernel", q.ExtractMember(ast1030Zephyr306, "ast1030-evb-demo/zephyr.elf"))
	vm.Launch()
	vm.WaitFor("Booting Zephyr OS")
	vm.Exec("help", "Available commands")
}

func TestArmAspeedAST1030OTP(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("ast1030-evb"),
		qemutest.Assets(ast1030Zephyr306))

	vm := q.VM("-kernel", q.ExtractMember(ast1030Zephyr306, "ast1030-evb-demo/zephyr.elf"))
	aspeed.LaunchWithOTP(vm)
	vm.WaitFor("Booting Zephyr OS")
}
