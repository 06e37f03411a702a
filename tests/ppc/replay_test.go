//go:build !qemu_select || qemu_ppc

package ppc

import (
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/recordreplay"
)

func TestPPCG3beigeReplay(t *testing.T) { replayInvaders(t, "g3beige") }
func TestPPCMac99Replay(t *testing.T)   { replayInvaders(t, "mac99") }

func replayInvaders(t *testing.T, machine string) {
	q := qemutest.New(t, "ppc",
		qemutest.Machine(machine+",graphics=off"),
		qemutest.Accel("tcg"),
		qemutest.Timeout(3*time.Minute),
		qemutest.Assets(adventDay15))

	recordreplay.Guest{
		Boot:  linux.Boot{Kernel: q.ExtractMember(adventDay15, "day15/invaders.elf"), Append: "panic=-1"},
		Shift: 7,
		Until: "QEMU advent calendar",
	}.Check(q)
}
