//go:build !qemu_select || qemu_mips64el

package mips64el

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestMIPS64ELMachines(t *testing.T) {
	machines.StartAll(t, "mips64el", machines.Exceptions{
		"boston":         `Please provide either a -kernel or -bios argument`,
		"loongson3-virt": `Could not load MIPS bios`,
	})
}
