//go:build !qemu_select || qemu_m68k

package m68k

import (
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/recordreplay"
)

func TestM68kMCF5208EVBReplay(t *testing.T) {
	q := qemutest.New(t, "m68k",
		qemutest.Machine("mcf5208evb"),
		qemutest.Accel("tcg"),
		qemutest.Timeout(3*time.Minute),
		qemutest.Assets(adventDay07))

	recordreplay.Guest{
		Boot:  linux.Boot{Kernel: q.ExtractMember(adventDay07, "day07/sanity-clause.elf")},
		Shift: 7,
		Until: "QEMU advent calendar",
	}.Check(q)
}

func TestM68kQ800Replay(t *testing.T) {
	q := qemutest.New(t, "m68k",
		qemutest.Machine("q800"),
		qemutest.Accel("tcg"),
		qemutest.Timeout(3*time.Minute),
		qemutest.Assets(q800Kernel))

	recordreplay.Guest{
		Boot:   q800Boot(q),
		Shift:  7,
		Until:  "No filesystem could mount root",
		Panics: true,
	}.Check(q)
}
