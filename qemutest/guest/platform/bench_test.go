package platform

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/archive"
	"github.com/qemutest/functional/qemutest/guest"
	"github.com/qemutest/functional/qemutest/image"
	"github.com/qemutest/functional/qemutest/machine"
)

// BenchmarkFirstAnswer boots amd64's machine up to the first answer of the
// agent, and by turns what anyone would boot by hand: the same kernel with a
// program as its /init, QEMU without monitor and logs, up to the first line of
// that program on the serial port. It reports the median of the ratios in pairs,
// which may be 1.15: the load of the host is in both of a pair. -benchtime 9x
// makes nine pairs.
func BenchmarkFirstAnswer(b *testing.B) {
	plain, err := ForGOARCH("amd64")
	require.NoError(b, err)
	b.Run("port", func(b *testing.B) { benchmarkFirstAnswer(b, plain) })
	withNetwork := plain
	withNetwork.Modules = append(slices.Clone(plain.Modules), "virtio_net")
	b.Run("port and network", func(b *testing.B) {
		benchmarkFirstAnswer(b, withNetwork, "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net")
	})
}

// benchmarkFirstAnswer gives both machines further devices, so that what their
// firmware does with these, such as to run the ROM of a network interface, is in
// both times.
func benchmarkFirstAnswer(b *testing.B, p Platform, devices ...string) {
	boot := requireBoot(b, p)
	ours := p.Config(boot.Kernel.Image, agentInitrd(b, boot))
	ours.Args = append(ours.Args, devices...)
	ours.LogDir = b.TempDir()
	theirs := append(bareArgs(p, boot, bareInitrd(b, p)), devices...)

	var bares, answers []time.Duration
	var ratios []float64
	for bareFirst := true; b.Loop(); bareFirst = !bareFirst {
		var bare, answer time.Duration
		if bareFirst {
			bare, answer = bootBare(b, ours.Binary, theirs), bootAgent(b, ours)
		} else {
			answer, bare = bootAgent(b, ours), bootBare(b, ours.Binary, theirs)
		}
		bares, answers = append(bares, bare), append(answers, answer)
		ratios = append(ratios, answer.Seconds()/bare.Seconds())
	}
	b.ReportMetric(median(bares).Seconds(), "s-bare")
	b.ReportMetric(median(answers).Seconds(), "s-answer")
	b.ReportMetric(median(ratios), "ratio")
}

// requireBoot skips a benchmark where the emulator or the kernel is missing.
func requireBoot(b *testing.B, p Platform) *Boot {
	b.Helper()
	if _, err := exec.LookPath("qemu-system-" + p.Target); err != nil {
		b.Skipf("needs qemu-system-%s: install it", p.Target)
	}
	boot, err := p.Boot(b.Context())
	var failure interface{ Transient() bool }
	if errors.As(err, &failure) && failure.Transient() {
		b.Skipf("needs a kernel: %v", err)
	}
	require.NoError(b, err)
	return boot
}

func median[T time.Duration | float64](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}

func agentInitrd(b *testing.B, boot *Boot) string {
	b.Helper()
	root := image.Initramfs{Compression: archive.None}
	boot.AddTo(&root)
	name := filepath.Join(b.TempDir(), "agent.cpio")
	require.NoError(b, root.WriteFile(name))
	return name
}

// bareInitrd holds a program and the console that it writes to.
func bareInitrd(b *testing.B, p Platform) string {
	b.Helper()
	program, err := image.GoProgram{Package: "./testdata/first", GOARCH: p.GOARCH}.Build(b.Context())
	require.NoError(b, err)
	root := image.Initramfs{Compression: archive.None}
	root.AddFile("init", 0o755, program)
	root.AddDevice("dev/console", fs.ModeCharDevice|0o600, 5, 1)
	name := filepath.Join(b.TempDir(), "bare.cpio")
	require.NoError(b, root.WriteFile(name))
	return name
}

// bareArgs are those of [Platform.Config], less the agent's port.
func bareArgs(p Platform, boot *Boot, initrd string) []string {
	args := p.Config(boot.Kernel.Image, initrd).Args
	args = args[:slices.Index(args, "-device")]
	return append([]string{"-machine", p.Machine, "-display", "none", "-vga", "none", "-monitor", "none", "-serial", "stdio"}, args...)
}

// bootBare returns the time from the start of QEMU to that of /init.
func bootBare(b *testing.B, binary string, args []string) time.Duration {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), binary, args...)
	stdout, err := cmd.StdoutPipe()
	require.NoError(b, err)
	began := time.Now()
	require.NoError(b, cmd.Start())
	lines := bufio.NewScanner(stdout)
	for !strings.Contains(lines.Text(), "init is there") {
		require.True(b, lines.Scan(), "expected /init to say that it is there")
	}
	took := time.Since(began)
	require.NoError(b, cmd.Process.Kill())
	_, _ = io.Copy(io.Discard, stdout)
	_ = cmd.Wait() // it was killed
	return took
}

// bootAgent returns the time from launch to answer.
func bootAgent(b *testing.B, config machine.Config) time.Duration {
	b.Helper()
	began := time.Now()
	m, err := machine.Launch(b.Context(), config)
	require.NoError(b, err)
	g := guest.NewAgent(m.Channel(0), guest.Port)
	_, err = g.Wait(b.Context())
	took := time.Since(began)
	require.NoError(b, err)
	require.NoError(b, g.Close())
	require.NoError(b, m.Close())
	return took
}
