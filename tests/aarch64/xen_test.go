//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"path/filepath"
	"testing"

	"github.com/qemutest/functional/archive"
	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

var (
	xen411 = asset.New(
		"https://share.linaro.org/downloadFile?id=ALU4n2NGGYbE4fO",
		"b745c2631342f9fcc0147ddc364edb62c20ecfebd430e5a3546e7d7c6891c0bc")
	xen414 = asset.New(
		"https://share.linaro.org/downloadFile?id=os4zSXPl7WW4lqX",
		"e930a3293248edabd367d5b4b3b6448b9c99c057096ea8b47228a7870661d5cb")
	xen415 = asset.New(
		"https://share.linaro.org/downloadFile?id=jjjG4uTp2wuO4Ks",
		"2a9a8af8acf0231844657cc28baab95bd918b0ee2d493ee4ee6f8846e1358bc9")
	xenDom0Kernel = asset.New(
		"https://share.linaro.org/downloadFile?id=RRahAWwAwYKTZQd",
		"00366fa51ea957c19462d2e2aefd480bef80ce727120e714ae48e0c88f261edb")
)

func TestAarch64Xen411(t *testing.T) { testXen(t, xen411, "boot/xen-4.11-arm64") }

func TestAarch64Xen414(t *testing.T) { testXen(t, xen414, "boot/xen-4.14-arm64") }

func TestAarch64Xen415(t *testing.T) { testXen(t, xen415, "boot/xen-4.15-unstable") }

// testXen boots Xen, from a Debian package, and Linux as its first domain until
// that finds no root file system, and so panics.
func testXen(t *testing.T, debian *asset.Asset, xen string) {
	q := qemutest.New(t, "aarch64",
		qemutest.Machine("virt,virtualization=on"),
		qemutest.CPU("cortex-a57"),
		qemutest.Accel("tcg"),
		qemutest.Memory(1280<<20),
		qemutest.Assets(debian, xenDom0Kernel))

	dir := q.ExtractWith(debian, archive.Options{Format: archive.FormatDeb, Members: []string{xen}})
	vm := q.VM(
		"-m", "768",
		"-kernel", filepath.Join(dir, xen),
		"-append", "dom0_mem=128M loglvl=all guest_loglvl=all",
		"-device", "guest-loader,addr=0x47000000,bootargs=console=hvc0,kernel="+q.Fetch(xenDom0Kernel)).
		ExpectConsole("Kernel panic - not syncing")
	vm.Launch()
	vm.WaitFor("VFS: Cannot open root device", "Panic on CPU 0:")
}
