//go:build !qemu_select || qemu_ppc64

package ppc64

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/recordreplay"
)

var adventDay19 = asset.New(
	"https://qemu-advcal.gitlab.io/qac-best-of-multiarch/download/day19.tar.xz",
	"20b1bb5a8488c664defbb5d283addc91a05335a936c63b3f5ff7eee74b725755")

func TestPPC64E500Replay(t *testing.T) {
	q := qemutest.New(t, "ppc64",
		qemutest.Machine("ppce500"),
		qemutest.CPU("e5500"),
		qemutest.Accel("tcg"),
		qemutest.Flaky("https://gitlab.com/qemu-project/qemu/-/issues/2523"),
		qemutest.Timeout(4*time.Minute),
		qemutest.Assets(adventDay19))

	recordreplay.Guest{
		Boot:  linux.Boot{Kernel: q.ExtractMember(adventDay19, "day19/uImage"), Append: "panic=-1"},
		Shift: 7,
		Until: "QEMU advent calendar",
	}.Check(q)
}

func TestPPC64PowerNVReplay(t *testing.T) { replayFedora(t, "powernv", "console=tty0 console=hvc0") }
func TestPPC64PseriesReplay(t *testing.T) { replayFedora(t, "pseries", "console=hvc0") }

// replayFedora boots Fedora's kernel without a root file system.
func replayFedora(t *testing.T, machine, commandLine string) {
	q := qemutest.New(t, "ppc64",
		qemutest.Machine(machine),
		qemutest.Accel("tcg"),
		qemutest.Timeout(4*time.Minute),
		qemutest.Memory(3<<29),
		qemutest.Assets(fedora29Kernel))

	recordreplay.Guest{
		Boot:   linux.Boot{Kernel: q.Fetch(fedora29Kernel), Append: commandLine},
		Shift:  7,
		Until:  "VFS: Cannot open root device",
		Panics: true,
	}.Check(q)
}
