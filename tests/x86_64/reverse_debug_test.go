//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"testing"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/reversedebug"
)

func TestX86PCReverseDebug(t *testing.T) {
	reversedebug.Run(t, "x86_64", reversedebug.Guest{
		Machine:  "pc",
		Shift:    7,
		CodeBase: 0xf0000, // of the BIOS, but for its first instruction
		Requirements: []qemutest.Requirement{
			qemutest.Thorough(),
			qemutest.Flaky("https://gitlab.com/qemu-project/qemu/-/issues/2922"),
		},
	})
}
