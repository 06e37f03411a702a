//go:build !qemu_select || qemu_ppc

package ppc

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestPPCMachines(t *testing.T) {
	machines.StartAll(t, "ppc", machines.Exceptions{
		"mpc8544ds": `could not find firmware/kernel file`,
		"ppce500":   `could not find firmware/kernel file`,
	})
}
