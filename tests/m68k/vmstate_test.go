//go:build !qemu_select || qemu_m68k

package m68k

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/vmstate"
)

func TestM68kVmstate72(t *testing.T) {
	vmstate.CheckReference(t, "7.2", "m68k", "virt-7.2")
}
