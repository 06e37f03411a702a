//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/aspeed"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/uboot"
)

var (
	ast2600Buildroot = asset.New(
		"https://github.com/legoater/qemu-aspeed-boot/raw/master/images/ast2600-evb/buildroot-2025.11/flash.img",
		"c64a0755501393d570ca318e326e1e9f8372edc5a6452cdccc3649bc9fd2c138")
	ast2600SDK = asset.New(
		"https://github.com/AspeedTech-BMC/openbmc/releases/download/v11.01/ast2600-default-image.tar.gz",
		"3c5b4d4ccf27b0d208a073f98426db54cd751b96143180cd15df1a83978f832c")
	ast2600SDK515 = asset.New(
		"https://github.com/AspeedTech-BMC/openbmc/releases/download/v11.01/ast2600-default-515-image.tar.gz",
		"f3ccf1c08db71cf891637fc73131b80b2c0c0e005c06d5dcae0cf74fc458b43c")
)

const (
	ast2600SDKDir  = "ast2600-default-image"
	ast2600SDKHost = "ast2600-default"
)

func TestArmAspeedAST2600Buildroot(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("ast2600-evb"),
		qemutest.Netdev("user"),
		qemutest.Device("tmp105"),
		qemutest.Device("ds1338"),
		qemutest.Device("i2c-echo"),
		qemutest.Assets(ast2600Buildroot),
		qemutest.Memory(1<<30),
		qemutest.Timeout(8*time.Minute))

	sensor := aspeed.Sensor{ID: "tmp-test", Bus: "aspeed.i2c.bus.3", GuestBus: 3}
	vm := q.VM(
		"-device", sensor.Device(),
		"-device", "ds1338,bus=aspeed.i2c.bus.3,address=0x32",
		"-device", "i2c-echo,bus=aspeed.i2c.bus.3,address=0x42")
	bootBuildroot(vm, ast2600Buildroot, "0xf00")
	linux.Login{Prompt: "ast2600-evb login:", Password: "passw0rd"}.Run(vm)
	sensor.Check(vm)
	aspeed.CheckRTC(vm, 3, "hwclock")

	// The guest plays an EEPROM. It asks i2c-echo, which then is the master, to
	// write 0xaa to the address 0 of it.
	aspeed.NewDevice(vm, 3, "slave-24c02", 0x1064)
	linux.Run(vm, "i2cset -y 3 0x42 0x64 0x00 0xaa i")
	vm.Exec("hexdump /sys/bus/i2c/devices/3-1064/slave-eeprom", "0000000 ffaa ffff ffff ffff ffff ffff ffff ffff")
	vm.Exec("poweroff", "System halted")
}

func TestArmAspeedAST2600SDK(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("ast2600-evb"),
		qemutest.Netdev("user"),
		qemutest.Device("tmp105"),
		qemutest.Device("ds1338"),
		qemutest.Device("e1000e"),
		qemutest.Device("mock-i3c-target"),
		qemutest.Assets(ast2600SDK),
		qemutest.Memory(1<<30),
		qemutest.Timeout(12*time.Minute))

	sensor := aspeed.Sensor{ID: "tmp-test", Bus: "aspeed.i2c.bus.5", GuestBus: 5}
	vm := q.VM(
		"-device", sensor.Device(),
		"-device", "ds1338,bus=aspeed.i2c.bus.5,address=0x32",
		"-device", "e1000e,netdev=net1,bus=pcie.0", "-netdev", "user,id=net1",
		"-device", "mock-i3c-target,bus=dw.i3c.5,pid=0xab9078563412")
	vm.AddArgs(aspeed.Flash(sdkImage(q, ast2600SDK, ast2600SDKDir))...).AddArgs(aspeed.UserNetwork()...)
	vm.LaunchOrSkip("Bus 'pcie.0' not found", "Bus 'dw.i3c.5' not found")
	aspeed.WaitForKernel(vm, "")
	aspeed.LoginSDK(vm, ast2600SDKHost)
	sensor.Check(vm)
	aspeed.CheckRTC(vm, 5, "/sbin/hwclock")

	vm.Exec("lspci -s 00:08.0", "00:08.0 PCI bridge: ASPEED Technology, Inc. AST1150 PCI-to-PCI Bridge")
	vm.Exec("lspci -s 01:00.0", "01:00.0 Ethernet controller: Intel Corporation 82574L Gigabit Network Connection")
	aspeed.WaitForLease(vm, "eth4")

	const target = "i3ctransfer -d /dev/bus/i3c/5-1234567890ab "
	vm.Exec(target+"-w 0x12,0x34,0x56,0x78,0x90,0xab,0xcd,0xef", "Success on message 0")
	vm.Exec(target+"-r 8 | grep 0x | xargs", "0x12 0x34 0x56 0x78 0x90 0xab 0xcd 0xef")
}

func TestArmAspeedAST2600SDK515(t *testing.T) {
	bootSDK(t, "ast2600-evb", ast2600SDK515, "ast2600-default-515-image", "ast2600-default-515")
}

// What U-Boot programs into the OTP memory is there for U-Boot, for Linux, and
// after a reboot.
func TestArmAspeedAST2600OTP(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("ast2600-evb"),
		qemutest.Netdev("user"),
		qemutest.Assets(ast2600SDK),
		qemutest.Memory(1<<30),
		qemutest.Timeout(12*time.Minute))

	vm := q.VM(aspeed.Flash(sdkImage(q, ast2600SDK, ast2600SDKDir))...).AddArgs(aspeed.UserNetwork()...)
	aspeed.LaunchWithOTP(vm)
	const (
		prompt     = "ast#"
		read       = "otp read strap 0x30"
		programmed = "0x30      1"
	)
	uboot.StopAutoboot(vm, prompt)
	vm.Exec("otp pb strap  o 0x30 1", prompt)
	vm.Exec(read, programmed)
	vm.WaitFor(prompt)

	vm.Exec("boot", "Starting kernel ...")
	aspeed.LoginSDK(vm, ast2600SDKHost)
	vm.Exec(read, programmed)

	vm.SendLine("reboot")
	uboot.StopAutoboot(vm, prompt)
	vm.Exec(read, programmed)
}
