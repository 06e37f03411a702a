//go:build !qemu_select || qemu_mips64el

package mips64el

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

var pmon = asset.New(
	"https://github.com/loongson-community/pmon/releases/download/20210112/pmon-3avirt.bin",
	"fcdf6bb2cb7885a4a62f31fcb0d5e368bac7b6cea28f40c6dfa678af22fea20a")

func TestMIPS64ELLoongson3PMON(t *testing.T) {
	q := qemutest.New(t, "mips64el",
		qemutest.Machine("loongson3-virt"),
		qemutest.Untrusted(),
		qemutest.Assets(pmon))

	vm := q.VM("-bios", q.Fetch(pmon))
	vm.Launch()
	vm.WaitFor("CPU GODSON3 BogoMIPS:")
}
