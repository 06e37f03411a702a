//go:build !qemu_select || qemu_s390x

package s390x

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/recordreplay"
)

var fedora29Kernel = asset.New(
	"https://archives.fedoraproject.org/pub/archive/fedora-secondary/releases/29/Everything/s390x/os/images/kernel.img",
	"dace03b8ae0c9f670ebb9b8d6ce5eb24b62987f346de8f1300a439bb00bb99e7")

func TestS390XReplay(t *testing.T) {
	q := qemutest.New(t, "s390x",
		qemutest.Machine("s390-ccw-virtio"),
		qemutest.Accel("tcg"),
		qemutest.Timeout(3*time.Minute),
		qemutest.Assets(fedora29Kernel))

	boot := linux.Boot{Kernel: q.Fetch(fedora29Kernel), Append: "console=sclp0"}
	recordreplay.Guest{
		Boot:   boot,
		Shift:  9,
		Until:  "Kernel command line: " + boot.CommandLine(),
		Panics: true,
	}.Check(q)
}
