//go:build !qemu_select || qemu_ppc

package ppc

import (
	"path/filepath"
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var hippo = asset.New(
	"https://qemu-advcal.gitlab.io/qac-best-of-multiarch/download/day08.tar.xz",
	"cefe5b8aeb5e9d2d1d4fd22dcf48d917d68d5a765132bf2ddd6332dc393b824c")

func TestPPCVirtexML507Linux(t *testing.T) {
	q := qemutest.New(t, "ppc",
		qemutest.Machine("virtex-ml507"),
		qemutest.Accel("tcg"),
		qemutest.Memory(1<<30),
		qemutest.Assets(hippo))

	dir := filepath.Join(q.Extract(hippo), "hippo")
	vm := linux.Boot{
		Kernel: filepath.Join(dir, "hippo.linux"),
		DTB:    filepath.Join(dir, "virtex440-ml507.dtb"),
		Args:   []string{"-m", "512"},
	}.Launch(q)
	vm.WaitFor("QEMU advent calendar 2020")
}
