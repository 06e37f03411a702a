//go:build !qemu_select || qemu_sparc64

package sparc64

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/tuxrun"
)

var (
	tuxrunKernel = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/sparc64/vmlinux",
		"a04cfb2e70a264051d161fdd93aabf4b2a9472f2e435c14ed18c5848c5fed261")
	tuxrunRootFS = asset.New(
		"https://storage.tuxboot.com/buildroot/20241119/sparc64/rootfs.ext4.zst",
		"479c3dc104c82b68be55e2c0c5c38cd473d0b37ad4badccde4775bb88ce34611")
)

func TestSPARC64TuxRun(t *testing.T) {
	q := qemutest.New(t, "sparc64",
		qemutest.Machine("sun4u"),
		tuxrun.Timeout,
		qemutest.Assets(tuxrunKernel, tuxrunRootFS))

	tuxrun.Guest{
		Kernel: tuxrunKernel,
		RootFS: tuxrunRootFS,
		Root:   "sda",
		Disk:   "ide-hd,bus=ide.0,unit=0",
	}.Run(q)
}
