//go:build !qemu_select || qemu_or1k

package or1k

import (
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/recordreplay"
)

func TestOpenRISCSimReplay(t *testing.T) {
	q := qemutest.New(t, "or1k",
		qemutest.Machine("or1k-sim"),
		qemutest.Accel("tcg"),
		qemutest.Timeout(3*time.Minute),
		qemutest.Assets(adventDay20))

	recordreplay.Guest{
		Boot:  linux.Boot{Kernel: q.ExtractMember(adventDay20, "day20/vmlinux"), Append: "panic=-1"},
		Shift: 7,
		Until: "QEMU advent calendar",
	}.Check(q)
}
