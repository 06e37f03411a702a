//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

var bfltRootFS = asset.New(
	"https://elinux.org/images/5/51/Stm32_mini_rootfs.cpio.bz2",
	"eefb788e4980c9e8d6c9d60ce7d15d4da6bf4fbc6a80f487673824600d5ba9cc")

// The user-mode emulator loads programs in the flat format of systems without
// an MMU (bFLT).
func TestArmUserBFLT(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.UserMode(),
		qemutest.Untrusted(),
		qemutest.Assets(bfltRootFS))

	busybox := q.ExtractMember(bfltRootFS, "bin/busybox")
	banner := q.Run(busybox)
	q.Check(banner.Err())
	require.Contains(t, banner.Stdout, "BusyBox v1.24.0.git (2015-02-03 22:17:13 CET) multi-call binary.")
	uname := q.Run(busybox, "uname", "-a")
	q.Check(uname.Err())
	require.Contains(t, uname.Stdout, "armv7l GNU/Linux")
}
