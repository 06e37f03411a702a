//go:build !qemu_select || qemu_alpha

package alpha

import (
	"testing"

	"github.com/qemutest/functional/archive"
	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var lennyKernel = asset.New(
	"http://archive.debian.org/debian/dists/lenny/main/installer-alpha/20090123lenny10/images/cdrom/vmlinuz",
	"34f53da3fa32212e4f00b03cb944b2ad81c06bc8faaf9b7193b2e544ceeca576")

func TestAlphaClipperLinux(t *testing.T) {
	q := qemutest.New(t, "alpha",
		qemutest.Machine("clipper"),
		qemutest.Assets(lennyKernel))

	linux.Boot{
		Kernel: q.DecompressWith(lennyKernel, archive.Options{Compression: archive.Gzip}),
		Append: "console=ttyS0",
		Args:   []string{"-nodefaults"},
	}.CheckCommandLine(q)
}
