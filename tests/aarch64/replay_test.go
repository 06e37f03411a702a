//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/recordreplay"
)

func TestAarch64VirtReplay(t *testing.T) {
	q := qemutest.New(t, "aarch64",
		qemutest.Machine("virt"),
		qemutest.CPU("cortex-a57"),
		qemutest.Accel("tcg"),
		qemutest.Netdev("user"),
		qemutest.Timeout(4*time.Minute),
		qemutest.Assets(tuxrunArm64Kernel, tuxrunArm64RootFS))

	recordreplay.Guest{
		Boot: linux.Boot{
			Kernel: q.Fetch(tuxrunArm64Kernel),
			Append: "console=ttyAMA0 root=/dev/vda",
			Args:   append(recordreplay.Disk(q.Decompress(tuxrunArm64RootFS), "virtio-blk-device"), recordreplay.Network()...),
		},
		Shift: 7,
		Until: "Welcome to TuxTest",
	}.Check(q)
}
