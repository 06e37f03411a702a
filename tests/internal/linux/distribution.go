package linux

import (
	"fmt"
	"io/fs"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/image"
	"github.com/qemutest/functional/qemutest/kernel"
	"github.com/qemutest/functional/qemutest/machine"
)

// userland is the program that the kernels of the distribution start here.
const userland = "github.com/qemutest/functional/tests/internal/linux/init"

// CheckDistribution boots a kernel of the distribution, as b says, with a
// program of GOARCH goarch as its only process: exactly the kernel of the
// package starts, the program runs, and powers the machine off. The kernel and
// the initial file system of b are set here.
func (b Boot) CheckDistribution(q *qemutest.Test, p kernel.Package, goarch string) {
	k := q.Kernel(p)
	var root image.Initramfs
	root.AddFile("init", 0o755, q.Program(image.GoProgram{Package: userland, GOARCH: goarch}))
	root.AddDevice("dev/console", fs.ModeCharDevice|0o600, 5, 1)
	b.Kernel, b.Initrd = k.Image, q.Initramfs(&root)

	vm := b.Launch(q)
	vm.WaitForRegexp(k.Banner())
	vm.WaitFor("userland of " + goarch + " runs as process 1")
	if exit := vm.WaitForExit(); exit.Kind != machine.GuestShutdown {
		q.Check(fmt.Errorf("expected the program to power the machine off, but %s", exit))
	}
}
