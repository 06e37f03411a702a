//go:build !qemu_select || qemu_ppc64

package ppc64

import (
	"testing"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/reversedebug"
)

func TestPPC64PowerNVReverseDebug(t *testing.T) { debugReverse(t, "powernv") }
func TestPPC64PseriesReverseDebug(t *testing.T) { debugReverse(t, "pseries") }

// debugReverse goes back and forth in the machine's firmware.
func debugReverse(t *testing.T, machine string) {
	reversedebug.Run(t, "ppc64", reversedebug.Guest{
		Machine: machine,
		Shift:   7,
		Requirements: []qemutest.Requirement{
			qemutest.Thorough(),
			qemutest.Flaky("https://gitlab.com/qemu-project/qemu/-/issues/1992"),
			qemutest.Version(">= 8.0", "it misses a random event in what it has recorded itself"),
		},
	})
}
