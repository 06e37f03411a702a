//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
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

	integratorBoot(q).Launch(q).WaitFor("Log in as root")
}

func integratorBoot(q *qemutest.Test) linux.Boot {
	return linux.Boot{
		Kernel: q.Fetch(integratorKernel),
		Initrd: q.Fetch(integratorInitrd),
		Append: "console=ttyAMA0",
	}
}
