//go:build !qemu_select || qemu_mipsel

package mipsel

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/recordreplay"
)

func TestMIPSELNanoMIPS4KReplay(t *testing.T)  { replayNanoMIPS(t, nanoMIPS4K) }
func TestMIPSELNanoMIPS16KReplay(t *testing.T) { replayNanoMIPS(t, nanoMIPS16K) }
func TestMIPSELNanoMIPS64KReplay(t *testing.T) { replayNanoMIPS(t, nanoMIPS64K) }

// replayNanoMIPS boots a nanoMIPS kernel.
func replayNanoMIPS(t *testing.T, kernel *asset.Asset) {
	q := qemutest.New(t, "mipsel",
		qemutest.Machine("malta"),
		qemutest.CPU("I7200"),
		qemutest.Accel("tcg"),
		qemutest.Slow(),
		qemutest.Timeout(8*time.Minute),
		qemutest.Assets(kernel))

	boot := linux.Boot{Kernel: q.Decompress(kernel), Append: "mem=256m@@0x0 console=ttyS0"}
	recordreplay.Guest{
		Boot:   boot,
		Shift:  5,
		Until:  "Kernel command line: " + boot.CommandLine(),
		Panics: true,
	}.Check(q)
}
