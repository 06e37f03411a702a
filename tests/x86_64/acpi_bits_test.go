//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/archive"
	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/machine"
)

// QEMU's build of the BIOS Implementation Test Suite, and of the GRUB that it
// runs in.
var bits = asset.New(
	"https://gitlab.com/qemu-project/biosbits-bits/-/jobs/artifacts/qemu-bits-10262023/download?job=qemu-bits-build",
	"1b8dd612c6831a6b491716a77acc486666aaa867051cdc34f7ce169c2e25f487")

// The tests of the suite that QEMU's source tree has find no fault with the
// tables that the firmware passes on from QEMU.
func TestX86ACPIBits(t *testing.T) {
	q := qemutest.New(t, "x86_64",
		qemutest.HostArch("x86_64"), // GRUB's programs are for it
		qemutest.Command("xorriso", "mformat"),
		// The suite cannot read the tables behind a 64-bit entry point.
		qemutest.Machine("pc,smbios-entry-point-type=32"),
		qemutest.Timeout(12*time.Minute),
		qemutest.Assets(bits))

	log := q.Log("debugcon.log")
	// Counting instructions makes the measured times of system management
	// interrupts stable.
	vm := q.VM("-chardev", "file,path="+log+",id=debugcon",
		"-device", "isa-debugcon,iobase=0x403,chardev=debugcon",
		"-cdrom", makeBitsISO(t, q),
		"-icount", "auto")
	vm.Launch()
	require.Equal(t, machine.GuestShutdown, vm.WaitForExit().Kind)

	text, err := os.ReadFile(log)
	require.NoError(t, err)
	summaries := bitsSummary.FindAllSubmatch(text, -1)
	require.NotEmpty(t, summaries, "summaries in %s", log)
	for _, summary := range summaries {
		require.Equal(t, "0", string(summary[1]), "%s; all of it is in %s", summary[0], log)
	}
}

// bitsSummary is the last line of a group of tests; it captures how many failed.
var bitsSummary = regexp.MustCompile(`.*Summary: \d+ passed, (\d+) failed.*`)

// makeBitsISO makes a bootable disc of the suite, with QEMU's tests, which the
// suite runs without being asked, and returns its path.
func makeBitsISO(t *testing.T, q *qemutest.Test) string {
	t.Helper()
	outer := q.ExtractWith(bits, archive.Options{Format: archive.FormatZip})
	tree := q.Extract(qemutest.File(filepath.Join(outer, "bits-2020-c7920d2b.zip")))
	grub := q.Extract(qemutest.File(filepath.Join(outer, "bits-2020-c7920d2b-grub.tar.gz")))
	disc := filepath.Join(tree, "bits-2020")

	boot := filepath.Join(disc, "boot")
	copyBitsTests(t, bitsTests(t, q), filepath.Join(boot, "python"))
	require.NoError(t, os.WriteFile(filepath.Join(boot, "bits-cfg.txt"), []byte("[bits]\nbatch = test acpi smbios\n"), 0o644))

	efi := filepath.Join(grub, "grub-inst-x86_64-efi")
	mkrescue := filepath.Join(efi, "bin", "grub-mkrescue")
	setShellVariables(t, mkrescue, map[string]string{
		"prefix": efi,
		"libdir": filepath.Join(grub, "grub-inst", "lib"),
	})
	iso := q.Scratch("bits-2020.iso")
	q.HostCommand(mkrescue, "-o", iso, disc)
	return iso
}

// sourcePath is how QEMU's configure notes where the source tree is.
var sourcePath = regexp.MustCompile(`(?m)^SRC_PATH=(.+)$`)

// bitsTests returns the suite's tests in the source tree that QEMU was built
// from: they change with QEMU.
func bitsTests(t *testing.T, q *qemutest.Test) []string {
	t.Helper()
	config, err := os.ReadFile(q.Build("config-host.mak"))
	require.NoError(t, err)
	source := sourcePath.FindSubmatch(config)
	require.NotNil(t, source, "SRC_PATH in config-host.mak of the build tree")
	pattern := filepath.Join(string(source[1]), "tests", "functional", "acpi-bits", "bits-tests", "*.py2")
	tests, err := filepath.Glob(pattern)
	require.NoError(t, err)
	if len(tests) == 0 {
		q.Skip(qemutest.KindFeature, "there is no %s: build QEMU from a complete source tree", pattern)
	}
	return tests
}

// copyBitsTests puts the tests in the place of the suite's own ones of these
// names, compiled or not.
func copyBitsTests(t *testing.T, tests []string, dir string) {
	t.Helper()
	for _, path := range tests {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		name := filepath.Join(dir, strings.TrimSuffix(filepath.Base(path), "2"))
		require.NoError(t, os.WriteFile(name, text, 0o644))
		if err := os.Remove(name + "c"); !os.IsNotExist(err) {
			require.NoError(t, err)
		}
	}
}

// setShellVariables changes the assignments of variables in a shell script that
// stand at the beginning of a line.
func setShellVariables(t *testing.T, script string, values map[string]string) {
	t.Helper()
	text, err := os.ReadFile(script)
	require.NoError(t, err)
	for name, value := range values {
		assignment := regexp.MustCompile(`(?m)^` + name + `=.*$`)
		require.Regexp(t, assignment, string(text), "%s of %s", name, script)
		quoted := "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
		text = assignment.ReplaceAllLiteral(text, []byte(name+"="+quoted))
	}
	require.NoError(t, os.WriteFile(script, text, 0o755))
}
