package console

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// socketPair returns two connected unix sockets, as machines use them.
func socketPair(t testing.TB) (near, far *net.UnixConn) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	var conns [2]*net.UnixConn
	for i, fd := range fds {
		file := os.NewFile(uintptr(fd), "socket")
		conn, err := net.FileConn(file)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		conns[i] = conn.(*net.UnixConn)
		t.Cleanup(func() { conn.Close() })
	}
	return conns[0], conns[1]
}

// bootLog returns n bytes that look like a kernel's boot messages.
func bootLog(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "[%5d.%06d] pci 0000:00:%02x.0: BAR %d: assigned [mem 0x%08x-0x%08x]\r\n",
			i/1000, i%1000*977, i%32, i%6, 0x10000000+i*4096, 0x10000fff+i*4096)
	}
	return b.Bytes()[:n]
}

func TestMemoryDoesNotGrowWithTheStream(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 300 MB to a temporary file")
	}
	near, far := socketPair(t)
	c, err := New(near, Options{StripANSI: true, Watch: []Rule{oopses}})
	require.NoError(t, err)
	defer c.Close()
	waiting := make(chan error)
	go func() {
		_, err := c.Wait(t.Context(), Wait{Success: []Pattern{Regexp(`login: \w+`)}})
		waiting <- err
	}()
	chunk := bytes.ReplaceAll(bootLog(1<<20), []byte("\n"), nil) // a line of a gigabyte would be no different
	var most uint64
	for i := range 300 {
		_, err := far.Write(chunk)
		require.NoError(t, err)
		if i%20 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
		}
	}
	_, err = io.WriteString(far, "buildroot login: root\n")
	require.NoError(t, err)
	require.NoError(t, <-waiting)
	assert.Greater(t, c.Size(), int64(290<<20))
	assert.Less(t, most, uint64(32<<20), "bytes of heap, those of tests that run beside this one included")
}

// recordThenHang is what the test binary does when TestKilled runs it: it
// records what comes on its standard input, says when it has seen the end,
// and does nothing more.
func recordThenHang(dir string) {
	c, err := New(os.Stdin, Options{
		LogPath:      filepath.Join(dir, "console.log"),
		TimedLogPath: filepath.Join(dir, "timed.log"),
	})
	if err != nil {
		panic(err)
	}
	if _, err := c.Wait(context.Background(), Wait{Success: []Pattern{Text("last words")}}); err != nil {
		panic(err)
	}
	fmt.Println("seen")
	select {}
}

func TestMain(m *testing.M) {
	if dir := os.Getenv("CONSOLE_TEST_RECORD"); dir != "" {
		recordThenHang(dir)
	}
	os.Exit(m.Run())
}

func TestAKilledProcessLeavesCompleteLogs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "CONSOLE_TEST_RECORD="+dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	const said = "one\r\ntwo\r\nlast words"
	_, err = io.WriteString(in, said)
	require.NoError(t, err)
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "seen\n", line)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait(), "killed")

	log, err := os.ReadFile(filepath.Join(dir, "console.log"))
	require.NoError(t, err)
	assert.Equal(t, said, string(log))
	timed, err := os.ReadFile(filepath.Join(dir, "timed.log"))
	require.NoError(t, err)
	assert.True(t, strings.HasSuffix(string(timed), "] last words"), "%s", timed)
}

// benchmarkWait measures a wait for patterns that match at the end of a
// stream of 64 MiB, all the way: socket, log, transcript, match.
func benchmarkWait(b *testing.B, opts Options, patterns ...Pattern) {
	chunk := bootLog(1 << 20)
	b.SetBytes(64 << 20)
	for b.Loop() {
		near, far := socketPair(b)
		opts.LogPath = filepath.Join(b.TempDir(), "console.log")
		c, err := New(near, opts)
		require.NoError(b, err)
		go func() {
			for range 64 {
				far.Write(chunk)
			}
			io.WriteString(far, "\r\nWelcome\r\nbuildroot login: ")
		}()
		_, err = c.Wait(b.Context(), Wait{Success: patterns})
		require.NoError(b, err)
		require.NoError(b, c.Close())
		require.NoError(b, os.Remove(opts.LogPath))
	}
}

func BenchmarkWaitText(b *testing.B) {
	benchmarkWait(b, Options{}, Text("login: "))
}

func BenchmarkWaitRegexps(b *testing.B) {
	benchmarkWait(b, Options{}, Regexp(`\w+ login: `), Regexp(`(?i)kernel panic.*`), Regexp(`^Linux version (\d+\.\d+)`))
}

func BenchmarkWaitWatched(b *testing.B) {
	opts := Options{}
	for i := range 30 {
		opts.Watch = append(opts.Watch, Rule{Start: Text(fmt.Sprintf("%c failure number %d", 'A'+i%26, i))})
	}
	benchmarkWait(b, opts, Text("login: "))
}

func BenchmarkWaitTimedLog(b *testing.B) {
	benchmarkWait(b, Options{TimedLogPath: filepath.Join(b.TempDir(), "timed.log"), StripANSI: true}, Text("login: "))
}

// BenchmarkDrain is the floor: the same stream through the same socket into a
// file, and nothing else.
func BenchmarkDrain(b *testing.B) {
	chunk := bootLog(1 << 20)
	b.SetBytes(64 << 20)
	for b.Loop() {
		near, far := socketPair(b)
		file, err := os.Create(filepath.Join(b.TempDir(), "console.log"))
		require.NoError(b, err)
		go func() {
			for range 64 {
				far.Write(chunk)
			}
			far.Close()
		}()
		buf := make([]byte, receiveSize)
		for {
			n, err := near.Read(buf)
			if err != nil {
				break
			}
			_, err = file.Write(buf[:n])
			require.NoError(b, err)
		}
		require.NoError(b, file.Close())
		require.NoError(b, os.Remove(file.Name()))
	}
}

// BenchmarkStream records and searches 10 GiB, kept in a temporary file, and
// reports the largest heap seen meanwhile. It is the long version of
// TestMemoryDoesNotGrowWithTheStream:
//
//	go test -run '^$' -bench Stream -benchtime 1x ./console
func BenchmarkStream(b *testing.B) {
	if testing.Short() {
		b.Skip("writes 10 GiB to a temporary file")
	}
	const chunks = 10 << 10
	chunk := bootLog(1 << 20)
	b.SetBytes(chunks << 20)
	var most uint64
	for b.Loop() {
		near, far := socketPair(b)
		c, err := New(near, Options{Watch: []Rule{oopses}})
		require.NoError(b, err)
		go func() {
			for range chunks {
				far.Write(chunk)
			}
			io.WriteString(far, "\r\nbuildroot login: ")
		}()
		stop := make(chan struct{})
		var sampler sync.WaitGroup
		sampler.Go(func() {
			for ticker := time.Tick(100 * time.Millisecond); ; {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
				select {
				case <-ticker:
				case <-stop:
					return
				}
			}
		})
		_, err = c.Wait(b.Context(), Wait{Success: []Pattern{Text("login: ")}})
		close(stop)
		sampler.Wait()
		require.NoError(b, err)
		require.NoError(b, c.Close())
	}
	b.ReportMetric(float64(most)/(1<<20), "MiB-heap")
}

// BenchmarkAnswer measures the time from a guest's answer to the end of the
// wait for it.
func BenchmarkAnswer(b *testing.B) {
	near, far := socketPair(b)
	c, err := New(near, Options{})
	require.NoError(b, err)
	defer c.Close()
	go func() {
		reader := bufio.NewReader(far)
		for {
			line, err := reader.ReadString('\r')
			if err != nil {
				return
			}
			io.WriteString(far, line+"\nok\r\n# ")
		}
	}()
	for b.Loop() {
		_, err := c.Exec(b.Context(), "true", Wait{Success: []Pattern{Text("# ")}})
		require.NoError(b, err)
	}
}
