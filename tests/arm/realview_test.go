//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var realviewOpenWrt = asset.New(
	"https://archive.openwrt.org/chaos_calmer/15.05.1/realview/generic/openwrt-15.05.1-realview-vmlinux-initramfs.elf",
	"d3a01037f33e7512d46d50975588d5c3a0e0cbf25f37afab44775c2a2be523e6")

func TestArmRealviewEBMPCore(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("realview-eb-mpcore"),
		qemutest.Netdev("user"),
		qemutest.Assets(realviewOpenWrt))

	boot := linux.Boot{
		Kernel: q.Fetch(realviewOpenWrt),
		Append: "console=ttyAMA0 mem=128M quiet",
	}
	vm := boot.Launch(q)
	vm.WaitFor("Please press Enter to activate")
	const prompt = ":/#"
	vm.Exec("", prompt)
	vm.Exec("dmesg", boot.Append)
	vm.WaitFor(prompt)
	// The bridge comes up, and gets its address, some time after the shell. It
	// may enter other states before it forwards.
	vm.Exec(`while ! dmesg | grep "br-lan: port 1(eth0) entered forwarding" ; do sleep 1 ; done`, "entered forwarding state")
	vm.WaitFor(prompt)
	vm.Exec(`while ! ifconfig | grep "10.0.2.15" ; do sleep 1 ; done`, "addr:10.0.2.15")
	vm.WaitFor(prompt)
	vm.Exec("ping -c 1 10.0.2.2", "1 packets received, 0% packet loss")
}
