package machine

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkLaunchBare is the floor for BenchmarkLaunch: the same QEMU, a raw
// socket, three lines of QMP.
func BenchmarkLaunchBare(b *testing.B) {
	binary := requireEmulator(b, "x86_64")
	for b.Loop() {
		launchBare(b, binary)
	}
}

// BenchmarkLaunch launches a machine with all that a test gets, console and
// logs included, and shuts it down.
func BenchmarkLaunch(b *testing.B) {
	config := Config{Binary: requireEmulator(b, "x86_64"), Machine: "none", LogDir: b.TempDir()}
	for b.Loop() {
		m := launch(b, config)
		b.StopTimer()
		discard(b, m)
		b.StartTimer()
	}
}

// BenchmarkLaunchOverhead runs the two by turns, now the one first and now the
// other, and reports the median of the differences in pairs: that of the host's
// load is in both of a pair. It may be 1 ms.
//
// On a host with other work, run it with a priority of its own, such as that of
// chrt -f 10: what waits for a core is mostly the larger one of the two.
func BenchmarkLaunchOverhead(b *testing.B) {
	config := Config{Binary: requireEmulator(b, "x86_64"), Machine: "none", LogDir: b.TempDir()}
	bare := func() time.Duration {
		start := time.Now()
		launchBare(b, config.Binary)
		return time.Since(start)
	}
	full := func() time.Duration {
		start := time.Now()
		m := launch(b, config)
		taken := time.Since(start)
		discard(b, m)
		return taken
	}
	full() // starts the guard, which serves the whole process
	var floors, overheads []time.Duration
	for bareFirst := true; b.Loop(); bareFirst = !bareFirst {
		var floor, whole time.Duration
		if bareFirst {
			floor, whole = bare(), full()
		} else {
			whole, floor = full(), bare()
		}
		floors, overheads = append(floors, floor), append(overheads, whole-floor)
	}
	b.ReportMetric(float64(median(floors).Microseconds()), "µs-bare")
	b.ReportMetric(float64(median(overheads).Microseconds()), "µs-overhead")
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

func launch(b *testing.B, config Config) *Machine {
	b.Helper()
	m, err := Launch(context.Background(), config)
	require.NoError(b, err)
	exit, err := m.Shutdown(context.Background())
	require.NoError(b, err)
	require.NoError(b, exit.Err())
	return m
}

// discard makes room for the next launch: a test has one in its directory, not
// thousands.
func discard(b *testing.B, m *Machine) {
	b.Helper()
	require.NoError(b, m.Close())
	for _, path := range m.Logs() {
		require.NoError(b, os.Remove(path))
	}
}

func launchBare(b *testing.B, binary string) {
	b.Helper()
	ours, theirs, err := SocketPair()
	require.NoError(b, err)
	conn, err := net.FileConn(ours)
	require.NoError(b, err)
	require.NoError(b, ours.Close())
	cmd := exec.Command(binary, "-display", "none", "-vga", "none",
		"-chardev", "socket,id=mon,fd=3", "-mon", "chardev=mon,mode=control", "-machine", "none")
	cmd.ExtraFiles = []*os.File{theirs}
	require.NoError(b, cmd.Start())
	require.NoError(b, theirs.Close())
	lines := bufio.NewReader(conn)
	for _, message := range []string{`{"execute":"qmp_capabilities"}`, `{"execute":"quit"}`} {
		_, err := lines.ReadString('\n')
		require.NoError(b, err)
		_, err = io.WriteString(conn, message)
		require.NoError(b, err)
	}
	_, err = io.Copy(io.Discard, lines)
	require.NoError(b, err)
	require.NoError(b, cmd.Wait())
	require.NoError(b, conn.Close())
}

// BenchmarkProbe asks the emulator, reads the answer of another process, and
// remembers the answer of this one.
func BenchmarkProbe(b *testing.B) {
	binary := requireEmulator(b, "x86_64")
	b.Run("asked", func(b *testing.B) {
		for b.Loop() {
			_, err := ask(context.Background(), binary)
			require.NoError(b, err)
		}
	})
	b.Run("file", func(b *testing.B) {
		_, err := Probe(context.Background(), binary)
		require.NoError(b, err)
		for b.Loop() {
			cache := probeCache{ask: ask, dir: os.UserCacheDir}
			_, err := cache.get(context.Background(), binary)
			require.NoError(b, err)
		}
	})
	b.Run("memory", func(b *testing.B) {
		for b.Loop() {
			_, err := Probe(context.Background(), binary)
			require.NoError(b, err)
		}
	})
}

// BenchmarkExamine reads the output of a QEMU that traces.
func BenchmarkExamine(b *testing.B) {
	path := filepath.Join(b.TempDir(), "log")
	file, err := os.Create(path)
	require.NoError(b, err)
	defer func() { _ = file.Close() }()
	w := bufio.NewWriter(file)
	for range 1 << 18 {
		_, err := w.WriteString("0x00000000fffffff0:  ea 5b e0 00 f0           ljmpw    $0xf000:$0xe05b\n")
		require.NoError(b, err)
	}
	require.NoError(b, w.Flush())
	info, err := file.Stat()
	require.NoError(b, err)
	b.SetBytes(info.Size())
	for b.Loop() {
		examine(file, nil)
	}
}
