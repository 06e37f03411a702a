//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/machine"
	"github.com/qemutest/functional/tests/internal/disk"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	fedora18Kernel = asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/18/Fedora/x86_64/os/images/pxeboot/vmlinuz",
		"1a27cb42559ce29237ac186699d063556ad69c8349d732bb1bd8d614e5a8cc2e")
	fedora28Kernel = asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/28/Everything/x86_64/os/images/pxeboot/vmlinuz",
		"d05909c9d4a742a6fcc84dcc0361009e4611769619cc187a07107579a035f24e")
)

// Linux 3.6 does not say that it can have an initrd above 2 GiB, so QEMU refuses
// one that does not fit below.
func TestX86InitrdTooLarge(t *testing.T) {
	q := qemutest.New(t, "x86_64",
		qemutest.Machine("pc"),
		qemutest.Assets(fedora18Kernel))

	vm := linux.Boot{
		Kernel: q.Fetch(fedora18Kernel),
		Initrd: disk.Create(q, "initrd", 2<<30),
		Args:   []string{"-m", "4096"},
	}.VM(q)
	var failure *machine.LaunchError
	require.ErrorAs(t, vm.TryLaunch(), &failure)
	require.Equal(t, machine.Exited, failure.How.Kind)
	require.Equal(t, 1, failure.How.Status)
	require.Regexp(t, `(?s)initrd is too large.*max: \d+, need 2147483648`, failure.Output)
}

// Linux 4.16 gets an initrd of more than 2 GiB. As it is all zeros, no boot
// comes of it.
func TestX86InitrdAbove2GiB(t *testing.T) {
	q := qemutest.New(t, "x86_64",
		qemutest.Machine("pc"),
		qemutest.Flaky("no bug is filed"),
		qemutest.Memory(6<<30),
		qemutest.Timeout(5*time.Minute),
		qemutest.Assets(fedora28Kernel))

	vm := linux.Boot{
		Kernel: q.Fetch(fedora28Kernel),
		Initrd: disk.Create(q, "initrd", 2<<30+2),
		Append: "console=ttyS0",
		Args:   []string{"-m", "5120"},
	}.VM(q).ExpectConsole("Kernel panic - not syncing")
	vm.Launch()
	vm.WaitFor("Unpacking initramfs...")
}
