//go:build !qemu_select || qemu_avr

package avr

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestAVRMachines(t *testing.T) {
	machines.StartAll(t, "avr", nil)
}
