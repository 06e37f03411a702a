//go:build !qemu_select || qemu_xtensa

package xtensa

import (
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/recordreplay"
)

func TestXtensaLX60Replay(t *testing.T) {
	q := qemutest.New(t, "xtensa",
		qemutest.Machine("lx60"),
		qemutest.CPU("dc233c"),
		qemutest.Accel("tcg"),
		qemutest.Timeout(3*time.Minute),
		qemutest.Assets(adventDay02))

	recordreplay.Guest{
		Boot:  linux.Boot{Kernel: q.ExtractMember(adventDay02, "day02/santas-sleigh-ride.elf"), Append: "panic=-1"},
		Shift: 7,
		Until: "QEMU advent calendar",
	}.Check(q)
}
