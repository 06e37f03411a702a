//go:build !qemu_select || qemu_ppc64

package ppc64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/vmstate"
)

func TestPPC64Vmstate72(t *testing.T) {
	vmstate.CheckReference(t, "7.2", "ppc64", "pseries-7.2")
}
