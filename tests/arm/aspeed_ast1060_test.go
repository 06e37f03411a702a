//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/aspeed"
)

// ast1060PRoT is firmware of a platform root of trust.
var ast1060PRoT = asset.New(
	"https://github.com/AspeedTech-BMC/aspeed-zephyr-project/releases/download/v03.05/ast1060_prot_v03.05.tgz",
	"63b36d7420290726ca80477de254474b7cb79539a42819bb1fe2665d598dadb5")

func TestArmAspeedAST1060PRoT(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("ast1060-evb"),
		qemutest.Assets(ast1060PRoT))

	vm := q.VM("-kernel", q.ExtractMember(ast1060PRoT, "ast1060_prot/zephyr.bin"))
	vm.Launch()
	vm.WaitFor("Booting Zephyr OS")
	vm.Exec("help", "Available commands")
}

func TestArmAspeedAST1060OTP(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("ast1060-evb"),
		qemutest.Assets(ast1060PRoT))

	vm := q.VM("-kernel", q.ExtractMember(ast1060PRoT, "ast1060_prot/zephyr.bin"))
	aspeed.LaunchWithOTP(vm)
	vm.WaitFor("Booting Zephyr OS")
}
