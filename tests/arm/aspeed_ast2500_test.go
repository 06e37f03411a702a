//go:build !qemu_select || qemu_arm

package arm

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/aspeed"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	ast2500Buildroot = asset.New(
		"https://github.com/legoater/qemu-aspeed-boot/raw/master/images/ast2500-evb/buildroot-2025.11/flash.img",
		"31e5a8e280b982fb0e7c07eb71c94851002f99ac604dfe620e71a5d47cc87e78")
	ast2500SDK = asset.New(
		"https://github.com/AspeedTech-BMC/openbmc/releases/download/v11.01/ast2500-default-obmc.tar.gz",
		"3faa1188198da2216837be4b53861c483a58c3ad63784089720bf8421e157da1")
	ast2500SDK515 = asset.New(
		"https://github.com/AspeedTech-BMC/openbmc/releases/download/v11.01/ast2500-default-515-obmc.tar.gz",
		"b848ff620d2e9c83e2fb4736b4d1c39b82fdb041058cd42be42c3b177bf38eb9")
)

func TestArmAspeedAST2500Buildroot(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("ast2500-evb"),
		qemutest.Netdev("user"),
		qemutest.Device("tmp105"),
		qemutest.Assets(ast2500Buildroot),
		qemutest.Timeout(8*time.Minute))

	sensor := aspeed.Sensor{ID: "tmp-test", Bus: "aspeed.i2c.bus.3", GuestBus: 3}
	vm := q.VM("-device", sensor.Device())
	bootBuildroot(vm, ast2500Buildroot, "0x0")
	linux.Login{Prompt: "ast2500-evb login:", Password: "passw0rd"}.Run(vm)
	sensor.Check(vm)
	vm.Exec("poweroff", "System halted")
}

func TestArmAspeedAST2500SDK(t *testing.T) {
	bootSDK(t, "ast2500-evb", ast2500SDK, "ast2500-default", "ast2500-default")
}

func TestArmAspeedAST2500SDK515(t *testing.T) {
	bootSDK(t, "ast2500-evb", ast2500SDK515, "ast2500-default-515", "ast2500-default-515")
}

// bootBuildroot starts a machine whose flash chip, which cannot be written to,
// holds a Linux made with Buildroot, and waits until it has a network address.
func bootBuildroot(vm *qemutest.VM, flash *asset.Asset, cpu string) {
	vm.AddArgs("-drive", "file="+vm.Test().Fetch(flash)+",if=mtd,format=raw,read-only=true")
	vm.AddArgs(aspeed.UserNetwork()...)
	vm.Launch()
	aspeed.WaitForKernel(vm, "")
	vm.WaitFor("Booting Linux on physical CPU " + cpu)
	vm.WaitFor("lease of 10.0.2.15")
}

// bootSDK boots OpenBMC of ASPEED's SDK from flash, up to the login. dir is the
// directory of the image in its archive.
func bootSDK(t *testing.T, machine string, sdk *asset.Asset, dir, hostname string) {
	q := qemutest.New(t, "arm",
		qemutest.Machine(machine),
		qemutest.Netdev("user"),
		qemutest.Assets(sdk),
		qemutest.Memory(1<<30),
		qemutest.Timeout(12*time.Minute))

	vm := q.VM(aspeed.Flash(sdkImage(q, sdk, dir))...).AddArgs(aspeed.UserNetwork()...)
	vm.Launch()
	aspeed.WaitForKernel(vm, "")
	vm.WaitFor(hostname + " login:")
}

// sdkImage returns the path of the flash image in an archive of ASPEED's SDK.
// It unpacks all of the archive, because the image may be a link to another
// file in it.
func sdkImage(q *qemutest.Test, sdk *asset.Asset, dir string) string {
	return filepath.Join(q.Extract(sdk), dir, "image-bmc")
}
