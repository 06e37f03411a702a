//go:build !qemu_select || qemu_ppc64

package ppc64

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	fedora39Kernel = asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora-secondary/releases/39/Everything/ppc64le/os/ppc/ppc64/vmlinuz",
		"6d77658130a7de1dd014ae14d7983c27f8ba1a61fa02e8d9064afdb8519e7e96")
	fedora39Initrd = asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora-secondary/releases/39/Everything/ppc64le/os/ppc/ppc64/initrd.img",
		"e7f24b44cb2aaa67d30e551db6ac8d29cc57c934b158dabca6b7f885f2cfdd9b")
)

// SLOF would take more than 20 s to start; VOF does not.
const fadumpPseries = "pseries,x-vof=on"

// pseriesHasFadump is the first version whose pseries can dump.
var pseriesHasFadump = qemutest.Version(">= 10.2", "pseries has no firmware-assisted dump")

func TestPPC64PseriesFadump(t *testing.T) {
	fadump(t, "tcg", "rtas fadump: Registration is successful!",
		qemutest.Machine(fadumpPseries), pseriesHasFadump)
}

func TestPPC64PseriesFadumpKVM(t *testing.T) {
	fadump(t, "kvm", "rtas fadump: Registration is successful!",
		qemutest.Machine(fadumpPseries), pseriesHasFadump)
}

func TestPPC64PowerNVFadump(t *testing.T) {
	fadump(t, "tcg", "",
		qemutest.Machine("powernv10"),
		qemutest.Version(">= 11.0", "powernv has no firmware-assisted dump"))
}

// fadump crashes Linux, which has asked the firmware to keep its memory: the
// kernel that boots next finds the dump. registered is what the first kernel
// prints when the firmware has agreed, where it prints anything.
func fadump(t *testing.T, accel, registered string, requirements ...qemutest.Requirement) {
	const shell = "sh-5.2#"
	q := qemutest.New(t, "ppc64", append(requirements,
		qemutest.Accel(accel),
		qemutest.Timeout(8*time.Minute),
		qemutest.Memory(7<<30),
		qemutest.Assets(fedora39Kernel, fedora39Initrd))...)

	vm := linux.Boot{
		Kernel: q.Fetch(fedora39Kernel),
		Initrd: q.Fetch(fedora39Initrd),
		Append: "fadump=on crashkernel=2G rdinit=/bin/sh",
		Args:   []string{"-accel", accel, "-m", "6G"},
	}.VM(q).ExpectConsole(panicText)
	vm.Launch()
	vm.WaitFor("fadump: Reserved ",
		"fadump: Firmware-Assisted Dump is not supported on this hardware",
		"fadump: Failed to find memory chunk for reservation!",
		panicText)
	if registered != "" {
		vm.WaitFor(registered, panicText)
	}
	vm.WaitFor("sh: no job control", panicText)
	vm.WaitFor(shell, panicText)
	vm.Exec("mount -t proc proc /proc", shell, panicText)
	vm.SendLine("echo c > /proc/sysrq-trigger")
	vm.WaitFor("Kernel panic - not syncing: sysrq triggered crash")

	// A kernel that reserves memory again does not know of the dump.
	vm.WaitFor("fadump: Firmware-assisted dump is active", "fadump: Reserved ")
	vm.WaitFor("preserving crash data", panicText)
	vm.WaitFor("Run /bin/sh as init process", panicText)
	vm.WaitFor(shell, panicText)
	vm.Exec("mount -t proc proc /proc", shell, panicText)
	vm.Exec("stat /proc/vmcore", "File: /proc/vmcore", "No such file or directory", panicText)
}
