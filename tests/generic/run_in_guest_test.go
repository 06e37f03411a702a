package generic

import (
	"encoding/binary"
	"math/bits"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/targets"
)

// sight is what a function of a test sees where it runs.
type sight struct {
	GOARCH    string
	Bits      int
	BigEndian bool
	Processor string // of /proc/cpuinfo, a line that tells the architecture
	Files     []string
	Time      time.Time
}

// look is called in guests.
func look(t *testing.T) sight {
	info, err := os.ReadFile("/proc/cpuinfo")
	require.NoError(t, err)
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	s := sight{
		GOARCH:    runtime.GOARCH,
		Bits:      bits.UintSize,
		BigEndian: binary.NativeEndian.Uint16([]byte{0, 1}) == 1,
		Processor: string(info),
		Time:      time.Now(),
	}
	for _, file := range files {
		s.Files = append(s.Files, file.Name())
	}
	return s
}

// A function of a test runs on each architecture that the distribution has a
// kernel for, in the directory of the test and at the time of the host, and what
// it returns is there on the host.
func TestGenericRunInGuest(t *testing.T) {
	for _, p := range []struct {
		target, goarch string
		bits           int
		bigEndian      bool
		processor      string
	}{
		{"aarch64", "arm64", 64, false, "CPU architecture: 8"},
		{"arm", "arm", 32, false, "ARMv7"},
		{"i386", "386", 32, false, "GenuineIntel"},
		{"mips64el", "mips64le", 64, false, "ICT Loongson-3"},
		{"mipsel", "mipsle", 32, false, "mips32r2"},
		{"ppc64", "ppc64le", 64, false, "POWER9"},
		{"riscv64", "riscv64", 64, false, "rv64"},
		{"s390x", "s390x", 64, true, "IBM/S390"},
		{"x86_64", "amd64", 64, false, "AuthenticAMD"},
	} {
		if !slices.Contains(targets.Selected(), p.target) {
			continue
		}
		t.Run(p.target, func(t *testing.T) {
			seen := qemutest.CallInGuest(t, p.target, look, qemutest.Thorough(), qemutest.Timeout(5*time.Minute))
			assert.Equal(t, p.goarch, seen.GOARCH)
			assert.Equal(t, p.bits, seen.Bits)
			assert.Equal(t, p.bigEndian, seen.BigEndian)
			assert.Contains(t, seen.Processor, p.processor)
			assert.Contains(t, seen.Files, "run_in_guest_test.go")
			assert.WithinDuration(t, time.Now(), seen.Time, time.Hour)
		})
	}
}
