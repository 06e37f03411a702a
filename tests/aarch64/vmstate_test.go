//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/vmstate"
)

func TestAarch64Vmstate72(t *testing.T) {
	vmstate.CheckReference(t, "7.2", "aarch64", "virt-7.2")
}
