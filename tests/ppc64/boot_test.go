//go:build !qemu_select || qemu_ppc64

package ppc64

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/machine"
	"github.com/qemutest/functional/tests/internal/linux"
)

// panicText is what Linux prints when it gives up.
const panicText = "Kernel panic - not syncing"

// expectPanic lets a machine end with a panic of its kernel, which tells pseries
// about it, too.
func expectPanic(vm *qemutest.VM) {
	vm.ExpectConsole(panicText).ExpectExit(machine.GuestPanic)
}

// A rootlessBoot is the boot of a kernel that has no root file system: it gets
// as far as it can without one.
type rootlessBoot struct {
	name    string
	kernel  *asset.Asset
	machine string
	words   string   // for the kernel's command line
	args    []string // for QEMU
	lines   []string // on the console, in this order
}

func (b rootlessBoot) run(t *testing.T) {
	q := qemutest.New(t, "ppc64",
		qemutest.Machine(b.machine),
		qemutest.Accel("tcg"),
		qemutest.Timeout(4*time.Minute),
		qemutest.Memory(3<<29),
		qemutest.Assets(b.kernel))

	vm := linux.Boot{
		Kernel: q.Fetch(b.kernel),
		Append: "console=hvc0" + b.words,
		Args:   b.args,
	}.VM(q)
	expectPanic(vm)
	vm.Launch()
	for _, line := range append(b.lines, "VFS: Cannot open root device") {
		vm.WaitFor(line, panicText)
	}
}
