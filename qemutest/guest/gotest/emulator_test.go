package gotest

import (
	"debug/elf"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The emulator is the one under test, by the variables that the suite has for
// that. None of these is one, so that no machine is launched.
func TestWhichEmulatorIsRun(t *testing.T) {
	i := Invocation{Binary: header(t, elf.EM_X86_64, elf.ELFCLASS64, binary.LittleEndian), Dir: t.TempDir()}
	dir := t.TempDir()
	path := filepath.Join(dir, "qemu-system-x86_64")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\necho 'this is the fake'\nexit 1\n"), 0o755))
	for name, test := range map[string]struct{ variable, value, want string }{
		"named":            {"QEMU_TEST_QEMU_BINARY", path, "QEMU_TEST_QEMU_BINARY: asking " + path + ", as a system emulator of QEMU"},
		"named, missing":   {"QEMU_TEST_QEMU_BINARY", "/no/such/emulator", "QEMU_TEST_QEMU_BINARY: expected the path of an emulator"},
		"named, no QEMU":   {"QEMU_TEST_QEMU_BINARY", "/bin/true", "QEMU_TEST_QEMU_BINARY: asking /bin/true, as a system emulator of QEMU"},
		"build tree":       {"QEMU_TEST_BUILD_DIR", dir, "asking " + path + ", as a system emulator of QEMU"},
		"empty build tree": {"QEMU_TEST_BUILD_DIR", i.Dir, "qemu-system-x86_64 is not in the QEMU build tree " + i.Dir},
		"no build tree":    {"QEMU_TEST_BUILD_DIR", "/no/such/dir", "QEMU_TEST_BUILD_DIR: expected the directory of a QEMU build"},
		"PATH":             {"PATH", dir + ":" + os.Getenv("PATH"), "asking " + path + ", as a system emulator of QEMU"},
		"nowhere":          {"PATH", "/no/such/dir", "qemu-system-x86_64 is not in PATH: install it, or set QEMU_TEST_BUILD_DIR"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("QEMU_TEST_QEMU_BINARY", "")
			t.Setenv("QEMU_TEST_BUILD_DIR", "")
			t.Setenv(test.variable, test.value)
			_, err := Runner{}.Run(t.Context(), i)
			assert.ErrorContains(t, err, test.want)
		})
	}
	t.Run("of another target", func(t *testing.T) {
		other, err := exec.LookPath("qemu-system-i386")
		if err != nil {
			t.Skip("needs qemu-system-i386: install it")
		}
		t.Setenv("QEMU_TEST_QEMU_BINARY", other)
		_, err = Runner{}.Run(t.Context(), i)
		assert.EqualError(t, err, "QEMU_TEST_QEMU_BINARY="+other+" emulates i386, this test is for x86_64")
	})
}
