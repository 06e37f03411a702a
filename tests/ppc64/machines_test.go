//go:build !qemu_select || qemu_ppc64

package ppc64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestPPC64Machines(t *testing.T) {
	machines.StartAll(t, "ppc64", machines.Exceptions{
		"mpc8544ds":    `could not find firmware/kernel file`,
		"ppce500":      `could not find firmware/kernel file`,
		"pseries-2.8":  `No Transactional Memory support in TCG`,
		"pseries-2.9":  `No Transactional Memory support in TCG`,
		"pseries-2.10": `No Transactional Memory support in TCG`,
		"pseries-2.11": `No Transactional Memory support in TCG`,
	})
}
