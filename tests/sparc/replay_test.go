//go:build !qemu_select || qemu_sparc

package sparc

import (
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/recordreplay"
)

func TestSPARCSS10Replay(t *testing.T) {
	q := qemutest.New(t, "sparc",
		qemutest.Machine("SS-10"),
		qemutest.Accel("tcg"),
		qemutest.Timeout(3*time.Minute),
		qemutest.Assets(adventDay11))

	recordreplay.Guest{
		Boot:  linux.Boot{Kernel: q.ExtractMember(adventDay11, "day11/zImage.elf"), Append: "panic=-1"},
		Shift: 7,
		Until: "QEMU advent calendar",
	}.Check(q)
}
