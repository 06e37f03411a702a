//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestAarch64Machines(t *testing.T) {
	machines.StartAll(t, "aarch64", machines.Exceptions{
		"canon-a1100": `Couldn't find rom image`,
		"cheetah":     `Kernel or ROM image must be specified`,
		"connex":      `A flash image must be given`,
		"sx1":         `Kernel or Flash image must be specified`,
		"sx1-v1":      `Kernel or Flash image must be specified`,
		"verdex":      `A flash image must be given`,
	})
}
