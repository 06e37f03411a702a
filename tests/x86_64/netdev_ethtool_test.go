//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"context"
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	ethtoolKernel = asset.New(
		"https://share.linaro.org/downloadFile?id=QD37GYYAJhGOgVe",
		"ed62ee06ea620b1035747f3f66a5e9fc5d3096b29f75562ada888b04cd1c4baf")
	ethtoolRootFS = asset.New(
		"https://share.linaro.org/downloadFile?id=YAqnr0W8fruDh3f",
		"8f0207e3c4d40832ae73c1a927e42ca30ccb1e71f047acb6ddb161ba422934e6")
)

func TestX86EthtoolIGB(t *testing.T) { testEthtool(t, "igb", "") }

func TestX86EthtoolIGBWithoutMSI(t *testing.T) { testEthtool(t, "igb", " pci=nomsi") }

func TestX86EthtoolE1000(t *testing.T) { testEthtool(t, "e1000", "", incompleteRegisters) }

func TestX86EthtoolI82550(t *testing.T) { testEthtool(t, "i82550", "", incompleteRegisters) }

// incompleteRegisters skips tests of models that fail the self-test of their
// registers in every version of QEMU.
var incompleteRegisters = qemutest.Require("complete registers", qemutest.StageGate,
	func(context.Context, *qemutest.Test) error {
		return qemutest.Skipf(qemutest.KindFeature, "Incomplete reg 0x00178 support")
	})

// testEthtool makes the guest's driver of a network card test the card.
func testEthtool(t *testing.T, card, options string, requirements ...qemutest.Requirement) {
	q := qemutest.New(t, "x86_64", append(requirements,
		qemutest.Machine("q35"),
		qemutest.Device(card),
		qemutest.Timeout(3*time.Minute),
		qemutest.Assets(ethtoolKernel, ethtoolRootFS))...)

	// The kernel panics when its init, which ethtool is here, ends.
	vm := linux.Boot{
		Kernel: q.Fetch(ethtoolKernel),
		Append: "console=ttyS0 root=/dev/sr0 rootfstype=squashfs" + options + " init=/usr/sbin/ethtool -- -t eth1 offline",
		Args: []string{
			"-drive", "file=" + q.Fetch(ethtoolRootFS) + ",if=ide,index=0,media=cdrom",
			"-device", card,
		},
	}.VM(q).ExpectConsole("Kernel panic - not syncing")
	vm.Launch()
	vm.WaitFor("The test result is PASS", "The test result is FAIL")
}
