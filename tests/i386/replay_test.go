//go:build !qemu_select || qemu_i386

package i386

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/recordreplay"
)

var tuxbootKernel = asset.New(
	"https://storage.tuxboot.com/20230331/i386/bzImage",
	"a3e5b32a354729e65910f5a1ffcda7c14a6c12a55e8213fb86e277f1b76ed956")

func TestI386PCReplay(t *testing.T) {
	q := qemutest.New(t, "i386",
		qemutest.Machine("pc"),
		qemutest.Accel("tcg"),
		qemutest.Timeout(3*time.Minute),
		qemutest.Assets(tuxbootKernel))

	recordreplay.Guest{
		Boot:   linux.Boot{Kernel: q.Fetch(tuxbootKernel), Append: "console=ttyS0"},
		Shift:  5,
		Until:  "VFS: Cannot open root device",
		Panics: true,
	}.Check(q)
}
