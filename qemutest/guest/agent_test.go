//go:build linux

package guest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest/guest"
	"github.com/qemutest/functional/qemutest/guest/agent"
	"github.com/qemutest/functional/qemutest/guest/internal/wire"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// socketPair returns the two ends of a connection.
func socketPair(t *testing.T) (host, guest net.Conn) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	ends := [2]net.Conn{}
	for i, fd := range fds {
		file := os.NewFile(uintptr(fd), "channel")
		ends[i], err = net.FileConn(file)
		require.NoError(t, err)
		require.NoError(t, file.Close())
	}
	return ends[0], ends[1]
}

// noisy is the guest's end of a console that others write to as well, in the
// midst of what the agent writes, and that damages a byte now and then.
type noisy struct {
	net.Conn
	text  string
	every int // bytes between two damaged ones, about; 0 for none
}

func (n noisy) Write(p []byte) (int, error) {
	mixed := []byte(nil)
	for _, c := range p {
		if n.text != "" && rand.IntN(100) == 0 {
			mixed = append(mixed, n.text...)
		}
		if n.every > 0 && rand.IntN(n.every) == 0 {
			c ^= 1 << rand.IntN(8)
		}
		mixed = append(mixed, c)
	}
	if _, err := n.Conn.Write(mixed); err != nil {
		return 0, err
	}
	return len(p), nil
}

// channels are the ways in which agent and host are connected in tests.
var channels = map[string]func(t *testing.T) *guest.Guest{
	"port": func(t *testing.T) *guest.Guest {
		host, there := socketPair(t)
		serve(t, agent.Serve, there)
		return guest.NewAgent(host, guest.Port)
	},
	"damaging port": func(t *testing.T) *guest.Guest {
		host, there := socketPair(t)
		serve(t, agent.Serve, noisy{Conn: there, every: 200_000})
		return guest.NewAgent(host, guest.Port)
	},
	"console": func(t *testing.T) *guest.Guest {
		host, there := socketPair(t)
		serve(t, agent.ServeTerminal, noisy{Conn: there, text: "[ 1.0] eth0: größer\r\n", every: 50_000})
		text, frames := guest.SplitConsole(host)
		var reader sync.WaitGroup
		reader.Go(func() {
			seen, _ := io.ReadAll(text)
			t.Logf("%d bytes of text", len(seen))
		})
		t.Cleanup(reader.Wait)
		t.Cleanup(func() { _ = text.Close() })
		return guest.NewAgent(frames, guest.Terminal)
	},
}

// serve runs an agent until the end of the test.
func serve(t *testing.T, agent func(context.Context, io.ReadWriteCloser) error, conn io.ReadWriteCloser) {
	ctx, cancel := context.WithCancel(context.Background())
	var agents sync.WaitGroup
	agents.Go(func() { _ = agent(ctx, conn) })
	t.Cleanup(agents.Wait)
	t.Cleanup(cancel)
}

// eachChannel runs a test on all channels.
func eachChannel(t *testing.T, test func(t *testing.T, ctx context.Context, g *guest.Guest)) {
	t.Helper()
	for name, connect := range channels {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			g := connect(t)
			t.Cleanup(func() { _ = g.Close() })
			test(t, ctx, g)
		})
	}
}

// TestMain lets the agents of these tests, which are this program, run a
// function.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "sum" {
		agent.Register("sum", func() {
			text, _ := io.ReadAll(os.Stdin)
			fmt.Printf("%s %s %s", os.Args[2:], os.Getenv("OF"), text)
			fmt.Fprint(os.Stderr, "done")
			os.Exit(7)
		})
		agent.Main()
	}
	os.Exit(m.Run())
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	eachChannel(t, func(t *testing.T, ctx context.Context, g *guest.Guest) {
		var stdout, stderr bytes.Buffer
		result, err := g.Run(ctx, guest.Command{
			Func: "sum", Args: []string{"sum", "a  b", ""}, Env: []string{"OF=env"},
			Stdin: strings.NewReader("input"), Stdout: &stdout, Stderr: &stderr,
		})
		require.NoError(t, err)
		assert.Equal(t, 7, result.Status)
		assert.Equal(t, "[a  b ] env input", stdout.String())
		assert.Equal(t, "done", stderr.String())

		stderr.Reset()
		result, err = g.Run(ctx, guest.Command{Func: "product", Args: []string{"sum"}, Stderr: &stderr})
		require.NoError(t, err)
		assert.Equal(t, 127, result.Status)
		assert.Contains(t, stderr.String(), `expected the name of a registered function, got "product"`)
	})
}

func TestCommands(t *testing.T) {
	t.Parallel()
	eachChannel(t, func(t *testing.T, ctx context.Context, g *guest.Guest) {
		info, err := g.Wait(ctx)
		require.NoError(t, err)
		assert.NotEmpty(t, info.Kernel)

		output, err := g.Output(ctx, "echo", "a  b", "$HOME")
		require.NoError(t, err)
		assert.Equal(t, "a  b $HOME\n", string(output))

		var stdout, stderr bytes.Buffer
		result, err := g.Run(ctx, guest.Command{
			Args:   []string{"sh", "-c", "cat; pwd; echo $WORD >&2; exit 3"},
			Env:    []string{"WORD=word"},
			Dir:    "/usr",
			Stdin:  strings.NewReader("\x00\xff\r\n"),
			Stdout: &stdout,
			Stderr: &stderr,
		})
		require.NoError(t, err)
		assert.Equal(t, 3, result.Status)
		assert.Equal(t, "\x00\xff\r\n/usr\n", stdout.String())
		assert.Equal(t, "word\n", stderr.String())

		var both bytes.Buffer
		_, err = g.Run(ctx, guest.Command{
			Args:   []string{"sh", "-c", "for n in 1 2 3 4 5; do echo out $n; echo err $n >&2; done"},
			Stdout: &both,
			Stderr: &both,
		})
		require.NoError(t, err)
		assert.Equal(t, "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\nout 4\nerr 4\nout 5\nerr 5\n", both.String())

		_, err = g.Output(ctx, "sh", "-c", "echo reason >&2; kill -TERM $$")
		var exit *guest.ExitError
		require.ErrorAs(t, err, &exit)
		assert.Equal(t, "SIGTERM", exit.Signal)
		assert.ErrorContains(t, err, "it was ended by SIGTERM; standard error:\nreason")

		_, err = g.Output(ctx, "no-such-program")
		assert.ErrorContains(t, err, "no-such-program")
		_, err = g.Run(ctx, guest.Command{})
		assert.ErrorContains(t, err, "expected a command")
	})
}

func TestTimeLimitEndsTheWholeProcessGroup(t *testing.T) {
	t.Parallel()
	eachChannel(t, func(t *testing.T, ctx context.Context, g *guest.Guest) {
		result, err := g.Run(ctx, guest.Command{
			Args:    []string{"sh", "-c", "sleep 1000 & sleep 1000"},
			Timeout: 100 * time.Millisecond,
		})
		require.NoError(t, err)
		assert.True(t, result.TimedOut)
		assert.Equal(t, "SIGKILL", result.Signal)
		assert.ErrorContains(t, result.Err(), "its time limit has passed")
	})
}

// A command that ends by itself was not ended by the limit, though its output
// stays open for longer.
func TestTimeLimitThatDidNotEndTheCommand(t *testing.T) {
	t.Parallel()
	eachChannel(t, func(t *testing.T, ctx context.Context, g *guest.Guest) {
		result, err := g.Run(ctx, guest.Command{
			Args: []string{"sh", "-c", "sleep 20 & exit 0"}, Stdout: io.Discard, Timeout: 500 * time.Millisecond,
		})
		require.NoError(t, err)
		// A host that is busy may not have started it within the limit.
		assert.Equal(t, result.Signal == "SIGKILL", result.TimedOut)
		assert.Equal(t, result.TimedOut, result.Err() != nil)
	})
}

// slowWriter takes the first bytes late.
type slowWriter struct {
	pause time.Duration
	size  int
}

func (w *slowWriter) Write(p []byte) (int, error) {
	time.Sleep(w.pause)
	w.pause = 0
	w.size += len(p)
	return len(p), nil
}

// All that a command wrote arrives, however late it is taken after the end of
// the command.
func TestSlowReaderGetsAllOutput(t *testing.T) {
	t.Parallel()
	eachChannel(t, func(t *testing.T, ctx context.Context, g *guest.Guest) {
		for _, size := range []int{30_000, 300_000, 330_000} {
			w := &slowWriter{pause: 3 * time.Second}
			result, err := g.Run(ctx, guest.Command{Args: []string{"head", "-c", strconv.Itoa(size), "/dev/zero"}, Stdout: w})
			require.NoError(t, err)
			require.NoError(t, result.Err())
			assert.Equal(t, size, w.size)
		}
	})
}

func TestContextEndsTheCommand(t *testing.T) {
	t.Parallel()
	eachChannel(t, func(t *testing.T, ctx context.Context, g *guest.Guest) {
		fifo := filepath.Join(t.TempDir(), "fifo")
		require.NoError(t, syscall.Mkfifo(fifo, 0o600))
		short, cancel := context.WithCancel(ctx)
		failed := make(chan error, 1)
		go func() {
			_, err := g.Run(short, guest.Command{Args: []string{"sh", "-c", "exec 3>" + fifo + "; sleep 1000"}})
			failed <- err
		}()
		lifeline, err := os.Open(fifo) // returns when the command has opened it
		require.NoError(t, err)
		defer lifeline.Close()
		cancel()
		require.ErrorIs(t, <-failed, context.Canceled)
		_, err = io.ReadAll(lifeline) // returns when the command is gone
		require.NoError(t, err)
	})
}

func TestFloodHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	eachChannel(t, func(t *testing.T, ctx context.Context, g *guest.Guest) {
		flood, stop := context.WithCancel(ctx)
		output, stuck := io.Pipe()
		var floods sync.WaitGroup
		floods.Go(func() {
			_, err := g.Run(flood, guest.Command{Args: []string{"yes"}, Stdout: stuck})
			assert.ErrorIs(t, err, context.Canceled)
		})
		_, err := io.ReadFull(output, make([]byte, 1)) // and nobody takes more
		require.NoError(t, err)
		for i := range 20 {
			output, err := g.Output(ctx, "echo", fmt.Sprint(i))
			require.NoError(t, err)
			assert.Equal(t, fmt.Sprintln(i), string(output))
		}
		stop()
		floods.Wait()
		require.NoError(t, output.Close())
	})
}

func TestChildLeftBehindDoesNotKeepTheCommand(t *testing.T) {
	t.Parallel()
	eachChannel(t, func(t *testing.T, ctx context.Context, g *guest.Guest) {
		output, err := g.Output(ctx, "sh", "-c", "yes >&2 & echo started")
		require.NoError(t, err)
		assert.Equal(t, "started\n", string(output))
	})
}

func TestFiles(t *testing.T) {
	t.Parallel()
	eachChannel(t, func(t *testing.T, ctx context.Context, g *guest.Guest) {
		dir := t.TempDir()
		content := make([]byte, 600<<10)
		fill := rand.NewChaCha8([32]byte{})
		_, _ = fill.Read(content)
		path := filepath.Join(dir, "file")
		require.NoError(t, g.WriteFile(ctx, path, content, 0o640))
		there, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, sha256.Sum256(content), sha256.Sum256(there))
		here, err := g.ReadFile(ctx, path)
		require.NoError(t, err)
		assert.Equal(t, sha256.Sum256(content), sha256.Sum256(here))

		info, err := g.Stat(ctx, path)
		require.NoError(t, err)
		assert.Equal(t, int64(len(content)), info.Size())
		assert.Equal(t, fs.FileMode(0o640), info.Mode())
		files, err := g.ReadDir(ctx, dir)
		require.NoError(t, err)
		require.Len(t, files, 1)
		assert.Equal(t, "file", files[0].Name())

		require.NoError(t, g.WriteFile(ctx, filepath.Join(dir, "for-all"), nil, 0o666))
		info, err = g.Stat(ctx, filepath.Join(dir, "for-all"))
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o666), info.Mode(), "whatever the umask is")
		require.NoError(t, g.WriteFile(ctx, path, nil, 0o600))
		info, err = g.Stat(ctx, path)
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o640), info.Mode(), "of a file that was there")
		require.NoError(t, os.Symlink("new", filepath.Join(dir, "link")))
		require.NoError(t, g.WriteFile(ctx, filepath.Join(dir, "link"), []byte("x"), 0o600))
		here, err = g.ReadFile(ctx, filepath.Join(dir, "new"))
		require.NoError(t, err)
		assert.Equal(t, "x", string(here))

		_, err = g.ReadFile(ctx, filepath.Join(dir, "missing"))
		assert.ErrorIs(t, err, fs.ErrNotExist)
		_, err = g.Stat(ctx, filepath.Join(dir, "missing"))
		assert.ErrorIs(t, err, fs.ErrNotExist)
		assert.ErrorContains(t, g.Mount(ctx, guest.Mount{Target: filepath.Join(path, "x")}), "not a directory")
	})
}

func TestManyCommandsAtOnce(t *testing.T) {
	t.Parallel()
	eachChannel(t, checkManyCommands)
}

// checkManyCommands runs commands at the same time.
func checkManyCommands(t *testing.T, ctx context.Context, g *guest.Guest) {
	var workers sync.WaitGroup
	for i := range 8 {
		workers.Go(func() {
			for j := range 25 {
				word := fmt.Sprintf("%d-%d", i, j)
				output, err := g.Output(ctx, "echo", word)
				if !assert.NoError(t, err) || !assert.Equal(t, word+"\n", string(output)) {
					return
				}
			}
		})
	}
	workers.Wait()
}

func TestGuestThatStartsAnew(t *testing.T) {
	t.Parallel()
	host, there := socketPair(t)
	g := guest.NewAgent(host, guest.Port)
	defer g.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	first, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- agent.Serve(first, keepOpen{there}) }()
	_, err := g.Output(ctx, "true")
	require.NoError(t, err)
	pending := make(chan error, 1)
	output, started := io.Pipe()
	go func() {
		_, err := g.Run(ctx, guest.Command{Args: []string{"sh", "-c", "echo; exec sleep 1000"}, Stdout: started})
		pending <- err
	}()
	_, err = io.ReadFull(output, make([]byte, 1))
	require.NoError(t, err)
	stop()
	require.NoError(t, <-ended)
	require.NoError(t, there.SetReadDeadline(time.Time{}))

	// The reading goroutine of the first agent may take the first bytes for
	// the second: it has them sent again.
	serve(t, agent.Serve, there)
	assert.ErrorIs(t, <-pending, guest.ErrRestarted)
	again, err := g.Output(ctx, "echo", "again")
	require.NoError(t, err)
	assert.Equal(t, "again\n", string(again))
}

// A guest may be reset in the midst of a frame, the rest of which never comes.
func TestGuestThatIsResetWhileItSends(t *testing.T) {
	t.Parallel()
	host, there := socketPair(t)
	g := guest.NewAgent(host, guest.Port)
	defer g.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	frame := wire.Binary.Append(nil, wire.Frame{Kind: wire.Data, Payload: make([]byte, wire.MaxPayload)})
	_, err := there.Write(frame[:len(frame)/2])
	require.NoError(t, err)
	serve(t, agent.Serve, there)
	output, err := g.Output(ctx, "echo", "here")
	require.NoError(t, err)
	assert.Equal(t, "here\n", string(output))
}

// keepOpen is a connection that a restart of the guest leaves open.
type keepOpen struct{ net.Conn }

func (k keepOpen) Close() error { return k.SetReadDeadline(time.Unix(1, 0)) }

func TestChannelThatCloses(t *testing.T) {
	t.Parallel()
	host, there := socketPair(t)
	g := guest.NewAgent(host, guest.Port)
	require.NoError(t, there.Close())
	_, err := g.Wait(t.Context())
	assert.ErrorContains(t, err, "expected an open channel to the guest, it was closed")
	_, err = g.Output(t.Context(), "true")
	assert.ErrorContains(t, err, "expected an open channel to the guest, it was closed")
}

func TestNoAgent(t *testing.T) {
	t.Parallel()
	host, there := socketPair(t)
	defer there.Close()
	g := guest.NewAgent(host, guest.Port)
	defer g.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := g.Output(ctx, "true")
	assert.ErrorContains(t, err, "expected the agent in the guest to greet: context canceled")
}
