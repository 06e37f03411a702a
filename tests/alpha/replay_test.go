//go:build !qemu_select || qemu_alpha

package alpha

import (
	"testing"
	"time"

	"github.com/qemutest/functional/archive"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/recordreplay"
)

func TestAlphaClipperReplay(t *testing.T) {
	q := qemutest.New(t, "alpha",
		qemutest.Machine("clipper"),
		qemutest.Accel("tcg"),
		qemutest.Timeout(3*time.Minute),
		qemutest.Assets(lennyKernel))

	boot := linux.Boot{
		Kernel: q.DecompressWith(lennyKernel, archive.Options{Compression: archive.Gzip}),
		Append: "console=ttyS0",
		Args:   []string{"-nodefaults"},
	}
	recordreplay.Guest{
		Boot:   boot,
		Shift:  9,
		Until:  "Kernel command line: " + boot.CommandLine(),
		Panics: true,
	}.Check(q)
}
