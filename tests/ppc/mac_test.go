//go:build !qemu_select || qemu_ppc

package ppc

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

var adventDay15 = asset.New(
	"https://qemu-advcal.gitlab.io/qac-best-of-multiarch/download/day15.tar.xz",
	"03e0757c131d2959decf293a3572d3b96c5a53587165bf05ce41b2818a2bccd5")

func TestPPCG3beigeInvaders(t *testing.T) { bootInvaders(t, "g3beige") }
func TestPPCMac99Invaders(t *testing.T)   { bootInvaders(t, "mac99") }

// bootInvaders starts a game that needs no operating system.
func bootInvaders(t *testing.T, machine string) {
	q := qemutest.New(t, "ppc",
		qemutest.Machine(machine+",graphics=off"),
		qemutest.Accel("tcg"),
		qemutest.Assets(adventDay15))

	vm := q.VM("-kernel", q.ExtractMember(adventDay15, "day15/invaders.elf"))
	vm.Launch()
	vm.WaitFor("QEMU advent calendar")
}
