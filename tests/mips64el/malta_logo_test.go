//go:build !qemu_select || qemu_mips64el

package mips64el

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/screen"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	maltaI6400 = asset.New(
		"https://github.com/philmd/qemu-testing-blob/raw/a5966ca4b5/mips/malta/mips64el/vmlinux-4.7.0-rc1.I6400.gz",
		"1f64efc59968a3c328672e6b10213fe574bb2308d9d2ed44e75e40be59e9fbc2")
	tuxLogo = asset.New(
		"https://github.com/torvalds/linux/raw/v2.6.12/drivers/video/logo/logo_linux_vga16.ppm",
		"b762f0d91ec018887ad1b334543c2fdf9be9fdfc87672b409211efaa3ea0ef79")
)

func TestMIPS64ELMaltaLogo1Core(t *testing.T) { countLogos(t, 1) }

func TestMIPS64ELMaltaLogo7Cores(t *testing.T) { countLogos(t, 7, flakyLogos) }

func TestMIPS64ELMaltaLogo8Cores(t *testing.T) { countLogos(t, 8, flakyLogos) }

// flakyLogos says that not all cores may be up when the logos are drawn. Nobody
// has reported that as a bug.
var flakyLogos = qemutest.Flaky("no bug known, cores come up late")

// countLogos boots a kernel that draws a penguin for each core, and finds them
// on the screen.
func countLogos(t *testing.T, cores int, requirements ...qemutest.Requirement) {
	q := qemutest.New(t, "mips64el", append(requirements,
		qemutest.Machine("malta"),
		qemutest.CPU("I6400"),
		qemutest.Device("VGA"),
		qemutest.Timeout(3*time.Minute),
		qemutest.Assets(maltaI6400, tuxLogo))...)
	logo, err := screen.Open(q.Fetch(tuxLogo))
	q.Check(err)

	vm := linux.Boot{
		Kernel: q.Decompress(maltaI6400),
		Append: "clocksource=GIC console=tty0 console=ttyS0",
		Args:   []string{"-smp", strconv.Itoa(cores), "-vga", "std"},
	}.VM(q).ExpectConsole("Kernel panic - not syncing") // later, for want of a root file system
	vm.Launch()
	vm.WaitFor("Console: switching to colour frame buffer device")
	vm.QMP("stop")
	require.GreaterOrEqual(t, len(screen.Find(vm.Screenshot(), logo, 0.95)), cores, "penguins on the screen")
}
