//go:build !qemu_select || qemu_or1k

package or1k

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestOpenRISCMachines(t *testing.T) {
	machines.StartAll(t, "or1k", nil)
}
