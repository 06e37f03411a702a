//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/aspeed"
)

var (
	palmettoFlash = asset.New(
		"https://github.com/legoater/qemu-aspeed-boot/raw/master/images/palmetto-bmc/openbmc-20250128071432/obmc-phosphor-image-palmetto-20250128071432.static.mtd",
		"bce7c392eec75c707a91cfc8fad7ca9a69d7e4f10df936930d65c1cb9897ac81")
	romulusFlash = asset.New(
		"https://github.com/legoater/qemu-aspeed-boot/raw/master/images/romulus-bmc/openbmc-20250128071340/obmc-phosphor-image-romulus-20250128071340.static.mtd",
		"6d031376440c82ed9d087d25e9fa76aea75b42f80daa252ec402c0bc3cf6cf5b")
	witherspoonFlash = asset.New(
		"https://github.com/legoater/qemu-aspeed-boot/raw/master/images/witherspoon-bmc/openbmc-20240618035022/obmc-phosphor-image-witherspoon-20240618035022.ubi.mtd",
		"937d9ed449ea6c6cbed983519088a42d0cafe276bcfe4fce07772ca6673f9213")
	bletchleyFlash = asset.New(
		"https://github.com/legoater/qemu-aspeed-boot/raw/master/images/bletchley-bmc/openbmc-20250128071329/obmc-phosphor-image-bletchley-20250128071329.static.mtd.xz",
		"db21d04d47d7bb2a276f59d308614b4dfb70b9c7c81facbbca40a3977a2d8844")
	catalinaFlash = asset.New(
		"https://github.com/legoater/qemu-aspeed-boot/raw/a866feb5ef81245b4827a214584bf6bcc72939f6/images/catalina-bmc/obmc-phosphor-image-catalina-20250619123021.static.mtd.xz",
		"287402e1ba021991e06be1d098f509444a02a3d81a73a932f66528b159e864f9")
	gb200Flash = asset.New(
		"https://github.com/legoater/qemu-aspeed-boot/raw/refs/heads/master/images/gb200nvl-bmc/openbmc-20250702182348/obmc-phosphor-image-gb200nvl-obmc-20250702182348.static.mtd.xz",
		"b84819317cb3dc762895ad507705978ef000bfc77c50c33a63bdd37921db0dbc")
)

func TestArmAspeedPalmetto(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("palmetto-bmc"),
		qemutest.Assets(palmettoFlash),
		qemutest.Timeout(2*time.Minute))

	vm := q.VM(aspeed.Flash(q.Fetch(palmettoFlash))...)
	vm.Launch()
	aspeed.OpenBMC{CPU: "0x0", SoC: "AST2400 rev A1", Hostname: "palmetto"}.WaitFor(vm)
}

func TestArmAspeedRomulus(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("romulus-bmc"),
		qemutest.Assets(romulusFlash),
		qemutest.Timeout(2*time.Minute))

	vm := q.VM(aspeed.Flash(q.Fetch(romulusFlash))...)
	vm.Launch()
	aspeed.OpenBMC{CPU: "0x0", SoC: "AST2500 rev A1", Hostname: "romulus"}.WaitFor(vm)
}

func TestArmAspeedWitherspoon(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("witherspoon-bmc"),
		qemutest.Assets(witherspoonFlash),
		qemutest.Timeout(2*time.Minute))

	vm := q.VM(aspeed.Flash(q.Fetch(witherspoonFlash))...)
	vm.Launch()
	aspeed.OpenBMC{UBoot: "2016.07", CPU: "0x0", SoC: "AST2500 rev A1", Hostname: "witherspoon"}.WaitFor(vm)
}

func TestArmAspeedBletchley(t *testing.T) {
	bootAST2600(t, "bletchley-bmc", bletchleyFlash, "bletchley")
}

func TestArmAspeedCatalina(t *testing.T) {
	bootAST2600(t, "catalina-bmc", catalinaFlash, "catalina")
}

func TestArmAspeedGB200NVL(t *testing.T) {
	bootAST2600(t, "gb200nvl-bmc", gb200Flash, "gb200nvl-obmc")
}

// bootAST2600 boots OpenBMC from a compressed image of the flash chip of a
// board with an AST2600.
func bootAST2600(t *testing.T, machine string, flash *asset.Asset, hostname string) {
	q := qemutest.New(t, "arm",
		qemutest.Machine(machine),
		qemutest.Assets(flash),
		qemutest.Memory(1<<30),
		qemutest.Timeout(8*time.Minute))

	vm := q.VM(aspeed.Flash(q.Decompress(flash))...)
	vm.Launch()
	aspeed.OpenBMC{CPU: "0xf00", SoC: "AST2600 rev A3", Hostname: hostname}.WaitFor(vm)
}
