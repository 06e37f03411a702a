//go:build !qemu_select || qemu_arm

package arm

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/recordreplay"
)

func TestArmCubieboardReplay(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("cubieboard"),
		qemutest.Accel("tcg"),
		qemutest.Timeout(3*time.Minute),
		qemutest.Assets(sunxiDebian, initrdArmv5))

	boot := sunxiBoot(q, cubieboardDTB, "console=ttyS0,115200 usbcore.nousb panic=-1 noreboot")
	boot.Initrd = q.Decompress(initrdArmv5)
	recordreplay.Guest{
		Boot:  boot,
		Shift: 1,
		Until: "Boot successful.",
	}.Check(q)
}

func TestArmVExpressA9Replay(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("vexpress-a9"),
		qemutest.Accel("tcg"),
		qemutest.Timeout(3*time.Minute),
		qemutest.Assets(vexpressWinter))

	dir := q.Extract(vexpressWinter)
	recordreplay.Guest{
		Boot: linux.Boot{
			Kernel: filepath.Join(dir, "day16/winter.zImage"),
			DTB:    filepath.Join(dir, "day16/vexpress-v2p-ca9.dtb"),
			Append: "panic=-1",
		},
		Shift: 7,
		Until: "QEMU advent calendar",
	}.Check(q)
}

func TestArmVirtReplay(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("virt"),
		qemutest.Accel("tcg"),
		qemutest.Timeout(3*time.Minute),
		qemutest.Assets(virtFedora))

	recordreplay.Guest{
		Boot:   linux.Boot{Kernel: q.Fetch(virtFedora), Append: "console=ttyAMA0"},
		Shift:  1,
		Until:  "VFS: Cannot open root device",
		Panics: true,
	}.Check(q)
}
