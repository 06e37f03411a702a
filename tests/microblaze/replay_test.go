//go:build !qemu_select || qemu_microblaze

package microblaze

import (
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/recordreplay"
)

func TestMicroBlazeS3ADSP1800Replay(t *testing.T) {
	q := qemutest.New(t, "microblaze",
		qemutest.Machine("petalogix-s3adsp1800"),
		qemutest.Accel("tcg"),
		qemutest.Timeout(3*time.Minute),
		qemutest.Assets(ballerina))

	recordreplay.Guest{
		Boot:  linux.Boot{Kernel: q.ExtractMember(ballerina, "day17/ballerina.bin"), Append: "panic=-1"},
		Shift: 7,
		Until: "QEMU advent calendar",
	}.Check(q)
}
