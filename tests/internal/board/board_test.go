package board

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest/guest/platform"
	"github.com/qemutest/functional/tests/internal/board/report"
)

var promised = Board{
	Machine: "virt", Console: "ttyAMA0", Memory: 512, CPUs: 2,
	Model: "linux,dummy-virt", CPU: "CPU part\t: 0xd07",
	Drivers: []string{"amba/uart-pl011"}, RTC: true, Watchdog: "a dog",
}

// found is what a guest reports that has all that is promised.
func found() report.Facts {
	return report.Facts{
		Models:   []string{"linux,dummy-virt"},
		CPUInfo:  "processor\t: 0\nCPU part\t: 0xd07\n",
		Online:   2,
		MemTotal: 480 << 20,
		Drivers:  []string{"amba/rtc-pl031", "amba/uart-pl011"},
		RTC:      1709208005, // 2024-02-29T12:00:05Z
		Watchdog: "a dog",
		Cmdline:  "printk.time=0 console=ttyAMA0 panic=-1",
	}
}

// Those who run Go programs in guests take a kernel from the same release of
// Debian as the boards do.
func TestKernelsComeFromOneRelease(t *testing.T) {
	t.Parallel()
	suites := map[string]string{}
	for _, k := range []Kernel{
		AMD64, CloudAMD64, I686, I686PAE, ARM64, CloudARM64, ARMMP, RPi, ARMMPLPAE, Malta4KC, Malta5KC, Loongson3, PowerPC64, RISCV64, S390X,
	} {
		suites[k.Flavour+":"+k.Arch] = k.Suite
	}
	for _, goarch := range []string{"amd64", "386", "arm64", "arm", "mips64le", "mipsle", "ppc64le", "riscv64", "s390x"} {
		p, err := platform.ForGOARCH(goarch)
		require.NoError(t, err)
		suite, known := suites[p.Kernel.Flavour+":"+p.Kernel.Arch]
		require.True(t, known, "%s", p.Kernel)
		assert.Equal(t, suite, p.Kernel.Suite, "%s", p.Kernel)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	require.NoError(t, promised.check(found()))
	for want, spoil := range map[string]func(f *report.Facts){
		"call itself":               func(f *report.Facts) { f.Models = []string{"another"} },
		"CPU part":                  func(f *report.Facts) { f.CPUInfo = "processor\t: 0\n" },
		"CPUs online":               func(f *report.Facts) { f.Online = 1 },
		"machine of 512 MiB":        func(f *report.Facts) { f.MemTotal = 256 << 20 },
		"to use, but it has":        func(f *report.Facts) { f.MemTotal = 513 << 20 },
		"driver amba/uart-pl011":    func(f *report.Facts) { f.Drivers = []string{"amba/rtc-pl031"} },
		"expected the clock":        func(f *report.Facts) { f.RTC = 0 },
		"but it shows 2024-02-29 1": func(f *report.Facts) { f.RTC += 2 * 3600 },
		"identity of watchdog0":     func(f *report.Facts) { f.Watchdog = "" },
		"console=ttyAMA0":           func(f *report.Facts) { f.Cmdline = "quiet" },
	} {
		f := found()
		spoil(&f)
		require.ErrorContains(t, promised.check(f), want)
	}
}

func TestFailureIn(t *testing.T) {
	t.Parallel()
	done, err := report.Line(report.KindDone, report.Watchdog)
	require.NoError(t, err)
	require.NoError(t, failureIn(strings.NewReader("booting\n"+done+"\nrebooting\n")))
	late, err := report.Line(report.KindFailed, "arming the watchdog: invalid argument")
	require.NoError(t, err)
	require.ErrorContains(t, failureIn(strings.NewReader("booting\n"+done+"\r\n"+late+"\r\nrebooting\n")), "arming the watchdog")
}

func TestDiskImage(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "disk.raw")
	require.NoError(t, writeDisk(path))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Zero(t, info.Size()&(info.Size()-1), "power of two")
	require.ErrorContains(t, checkImage(path), "what the guest wrote")

	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = file.WriteAt(report.Pattern(report.ToDisk), report.DiskOffset)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	require.NoError(t, checkImage(path))
}

func TestRequest(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /file", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("abc")) })
	mux.HandleFunc("GET /cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = w.Write([]byte("abc"))
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	body, err := request(t.Context(), http.MethodGet, server.URL+"/file")
	require.NoError(t, err)
	assert.Equal(t, "abc", string(body))
	_, err = request(t.Context(), http.MethodGet, server.URL+"/missing")
	require.ErrorContains(t, err, "404")
	_, err = request(t.Context(), http.MethodGet, server.URL+"/cut")
	require.ErrorContains(t, err, "broke off after 3 bytes")
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	b := Board{Console: "ttyS0"}
	assert.Equal(t, "console=ttyS0 panic=-1", b.commandLine())
	b.Append, b.LateCPUs = "earlycon", true
	assert.Equal(t, "earlycon console=ttyS0 panic=-1 maxcpus=1", b.commandLine())
}

func TestHardware(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"-rtc", "base=2024-02-29T12:00:00,clock=vm", "-m", "512", "-smp", "2", "-nic", "none"},
		promised.hardware())
	late := Board{Memory: 512, CPUs: 2, LateCPUs: true}
	assert.Contains(t, late.hardware(), "tcg,thread=single")
	assert.Equal(t, 1, late.lateCPUs())
	fixed := Board{Memory: 1024, FixedMemory: true, CPUs: 4, FixedCPUs: true, NIC: NIC{Interface: "eth0"}}
	assert.Equal(t, []string{"-rtc", "base=2024-02-29T12:00:00,clock=vm", "-nic", "user,hostfwd=tcp:127.0.0.1:0-:8080"},
		fixed.hardware())
}
