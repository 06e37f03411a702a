//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"testing"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/kernel"
	"github.com/qemutest/functional/tests/internal/linux"
)

// The distribution's kernel reaches a userland of one Go program.
func TestAarch64VirtDistributionKernel(t *testing.T) {
	arm64 := kernel.Package{Arch: "arm64", Flavour: "arm64"}
	q := qemutest.New(t, "aarch64",
		qemutest.Machine("virt"),
		qemutest.CPU("cortex-a57"),
		qemutest.Memory(1<<30),
		qemutest.Assets(arm64))

	linux.Boot{
		Append: "console=ttyAMA0 panic=-1",
		Args:   []string{"-m", "512"},
	}.CheckDistribution(q, arm64, "arm64")
}
