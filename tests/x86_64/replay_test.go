//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/recordreplay"
)

func TestX86PCReplay(t *testing.T) {
	replayTuxRun(t, "pc", "vda", "virtio-blk", qemutest.Flaky("https://gitlab.com/qemu-project/qemu/-/issues/2094"))
}

func TestX86Q35Replay(t *testing.T) { replayTuxRun(t, "q35", "sda", "ide-hd") }

// replayTuxRun boots from a disk, with a network card.
func replayTuxRun(t *testing.T, machine, root, disk string, requirements ...qemutest.Requirement) {
	q := qemutest.New(t, "x86_64", append(requirements,
		qemutest.Machine(machine),
		qemutest.CPU("Nehalem"),
		qemutest.Accel("tcg"),
		qemutest.Netdev("user"),
		qemutest.Timeout(6*time.Minute),
		qemutest.Assets(tuxrunKernel, tuxrunRootFS))...)

	recordreplay.Guest{
		Boot: linux.Boot{
			Kernel: q.Fetch(tuxrunKernel),
			Append: "console=ttyS0 root=/dev/" + root,
			Args:   append(recordreplay.Disk(q.Decompress(tuxrunRootFS), disk), recordreplay.Network()...),
		},
		Shift: 5,
		Until: "Welcome to TuxTest",
	}.Check(q)
}
