//go:build !qemu_select || qemu_sparc64

package sparc64

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

var adventDay23 = asset.New(
	"https://qemu-advcal.gitlab.io/qac-best-of-multiarch/download/day23.tar.xz",
	"a3ed92450704af244178351afd0e769776e7decb298e95a63abfd9a6e3f6c854")

func TestSPARC64Sun4uLinux(t *testing.T) {
	q := qemutest.New(t, "sparc64",
		qemutest.Machine("sun4u"),
		qemutest.Timeout(4*time.Minute),
		qemutest.Assets(adventDay23))

	vm := q.VM("-kernel", q.ExtractMember(adventDay23, "day23/vmlinux"), "-append", "printk.time=0")
	vm.Launch()
	vm.WaitFor("Starting logging: OK")
}
