//go:build !qemu_select || qemu_xtensa

package xtensa

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestXtensaMachines(t *testing.T) {
	machines.StartAll(t, "xtensa", nil)
}
