//go:build !qemu_select || qemu_arm

package arm

import (
	"image"
	"image/draw"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/screen"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	tuxLogo = asset.New(
		"https://github.com/torvalds/linux/raw/v2.6.12/drivers/video/logo/logo_linux_vga16.ppm",
		"b762f0d91ec018887ad1b334543c2fdf9be9fdfc87672b409211efaa3ea0ef79")
	integratorKernel = asset.New(
		"https://github.com/zayac/qemu-arm/raw/master/arm-test/kernel/zImage.integrator",
		"26e7c7e8f943de785d95bd3c74d66451604a9b6a7a3d25dceb279e7548fd8e78")
	integratorInitrd = asset.New(
		"https://github.com/zayac/qemu-arm/raw/master/arm-test/kernel/arm_root.img",
		"e187c27fb342ad148c7f33475fbed124933e0b3f4be8c74bc4f3426a4793373a")
)

func TestArmIntegratorCPConsole(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("integratorcp"),
		qemutest.Untrusted(),
		qemutest.Assets(integratorKernel, integratorInitrd))

	vm := integratorBoot(q).Launch(q)
	vm.WaitFor("Log in as root")
	linux.Login{}.Run(vm)
	linux.Run(vm, "grep ARM-Integrator /proc/cpuinfo")
}

// The kernel draws its logo on the frame buffer.
func TestArmIntegratorCPLogo(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("integratorcp"),
		qemutest.Untrusted(),
		qemutest.Assets(tuxLogo, integratorKernel, integratorInitrd))

	logo, err := screen.Open(q.Fetch(tuxLogo))
	require.NoError(t, err)
	vm := integratorBoot(q).Launch(q)
	// The serial console starts after the frame buffer, and then gets what was
	// printed before.
	vm.WaitFor("Console: switching to colour frame buffer device")
	vm.QMP("stop")
	require.NotEmpty(t, screen.Find(grey(vm.Screenshot()), grey(logo), 0.92), "no Tux on the display")
}

// grey takes the colours from a picture: the logo of the asset has 16 of them,
// the one on the display 224.
func grey(picture image.Image) image.Image {
	g := image.NewGray(picture.Bounds())
	draw.Draw(g, g.Bounds(), picture, g.Bounds().Min, draw.Src)
	return g
}

func integratorBoot(q *qemutest.Test) linux.Boot {
	return linux.Boot{
		Kernel: q.Fetch(integratorKernel),
		Initrd: q.Fetch(integratorInitrd),
		Append: "console=ttyAMA0",
	}
}
