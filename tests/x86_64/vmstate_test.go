//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/vmstate"
)

func TestX86Vmstate72(t *testing.T) {
	vmstate.CheckReference(t, "7.2", "x86_64", "pc-q35-7.2")
}
