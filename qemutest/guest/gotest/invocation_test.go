package gotest

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOutputsOfAnInvocation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		env  []string
		want []string
	}{
		"none": {args: []string{"-test.paniconexit0", "-test.timeout=10m0s"}},
		"profiles": {
			args: []string{"-test.coverprofile=/b001/_cover_.out", "-test.cpuprofile", "cpu.out", "-test.trace=sub/t.out"},
			want: []string{"/b001/_cover_.out", "/pkg/cpu.out", "/pkg/sub/t.out"},
		},
		"elsewhere": {
			args: []string{"-test.outputdir=/out", "-test.cpuprofile=cpu.out", "-test.coverprofile=/b001/_cover_.out"},
			want: []string{"/b001/_cover_.out", "/out/cpu.out"},
		},
		"coverage": {
			args: []string{"-test.gocoverdir=/b001/gocoverdir"},
			env:  []string{"GOCOVERDIR=/other", "GOCOVERDIR=coverage"},
			want: []string{"/b001/gocoverdir", "/pkg/coverage"},
		},
		"the same coverage": {
			args: []string{"-test.gocoverdir=/b001/gocoverdir"},
			env:  []string{"GOCOVERDIR=/b001/gocoverdir"},
			want: []string{"/b001/gocoverdir"},
		},
		"fuzzing": {
			args: []string{"-test.fuzz=FuzzX", "-test.fuzzcachedir=/cache/fuzz"},
			want: []string{"/cache/fuzz", "/pkg/testdata/fuzz"},
		},
		"no fuzzing":   {args: []string{"-test.fuzz=", "-test.fuzzcachedir=/cache/fuzz"}},
		"artifacts":    {args: []string{"-test.artifacts=true"}, want: []string{"/pkg/_artifacts"}},
		"no artifacts": {args: []string{"-test.artifacts=false"}},
		"no test log":  {args: []string{"-test.testlogfile=/b001/testlog.txt"}},
		"the last one": {args: []string{"-test.trace=a", "-test.trace=b"}, want: []string{"/pkg/b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := append([]string{}, test.env...)
			i := Invocation{Binary: "/b001/pkg.test", Args: test.args, Dir: "/pkg", Env: env}
			assert.Equal(t, test.want, i.Outputs())
		})
	}
}

func TestTimeoutOfAnInvocation(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 90*time.Second, Invocation{Args: []string{"-test.timeout=1m30s"}}.Timeout())
	assert.Zero(t, Invocation{Args: []string{"-test.timeout=0"}}.Timeout())
	assert.Zero(t, Invocation{}.Timeout())
}

func TestArgumentsThatAreNoInvocation(t *testing.T) {
	t.Parallel()
	_, err := ParseInvocation(nil)
	assert.ErrorContains(t, err, "expected a test binary and its flags")
	_, err = ParseInvocation([]string{"-test.v"})
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestGOARCHOfExecutables(t *testing.T) {
	t.Parallel()
	text := filepath.Join(t.TempDir(), "script")
	require.NoError(t, os.WriteFile(text, []byte("#!/bin/sh\n"), 0o755))
	_, err := GOARCH(text)
	assert.ErrorContains(t, err, "expected a Linux executable (GOOS=linux)")

	for _, arch := range architectures {
		got, err := GOARCH(header(t, arch.machine, arch.class, arch.order))
		require.NoError(t, err)
		assert.Equal(t, arch.goarch, got)
	}
	_, err = GOARCH("/bin/sh")
	assert.ErrorContains(t, err, "/bin/sh needs a dynamic linker, which the guest does not have: set CGO_ENABLED=0")
	_, err = GOARCH(header(t, elf.EM_68K, elf.ELFCLASS32, binary.BigEndian))
	assert.ErrorContains(t, err, "is for EM_68K, which no GOARCH of Linux is")
}

// header makes an executable that is nothing but a header.
func header(t *testing.T, machine elf.Machine, class elf.Class, order binary.ByteOrder) string {
	t.Helper()
	ident := [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(class), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)}
	if order == binary.BigEndian {
		ident[elf.EI_DATA] = byte(elf.ELFDATA2MSB)
	}
	var file bytes.Buffer
	var err error
	if class == elf.ELFCLASS32 {
		err = binary.Write(&file, order, elf.Header32{Ident: ident, Type: uint16(elf.ET_EXEC),
			Machine: uint16(machine), Version: uint32(elf.EV_CURRENT), Ehsize: 52, Shentsize: 40})
	} else {
		err = binary.Write(&file, order, elf.Header64{Ident: ident, Type: uint16(elf.ET_EXEC),
			Machine: uint16(machine), Version: uint32(elf.EV_CURRENT), Ehsize: 64, Shentsize: 64})
	}
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "executable")
	require.NoError(t, os.WriteFile(path, file.Bytes(), 0o755))
	return path
}
