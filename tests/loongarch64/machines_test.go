//go:build !qemu_select || qemu_loongarch64

package loongarch64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestLoongArch64Machines(t *testing.T) {
	machines.StartAll(t, "loongarch64", nil)
}
