//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"testing"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/kernel"
	"github.com/qemutest/functional/tests/internal/linux"
)

// The distribution's kernel reaches a userland of one Go program.
func TestX86Q35DistributionKernel(t *testing.T) {
	cloud := kernel.Package{Arch: "amd64", Flavour: "cloud-amd64"}
	q := qemutest.New(t, "x86_64",
		qemutest.Machine("q35"),
		qemutest.Memory(1<<30),
		qemutest.Assets(cloud))

	linux.Boot{
		Append: "console=ttyS0 no_timer_check panic=-1",
		Args:   []string{"-m", "512"},
	}.CheckDistribution(q, cloud, "amd64")
}
