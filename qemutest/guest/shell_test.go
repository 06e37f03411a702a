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
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/qemutest/functional/qemutest/guest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// terminal starts a program on a terminal of its own, which ends with the test.
func terminal(t *testing.T, env []string, args ...string) *os.File {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), env...)
	f, err := pty.Start(cmd)
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = f.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return f
}

// kernelled is a terminal that somebody prints on while output passes.
type kernelled struct {
	*os.File
	text  string
	every int
	buf   []byte
}

func (k *kernelled) Read(p []byte) (int, error) {
	if len(k.buf) == 0 {
		raw := make([]byte, 4096)
		n, err := k.File.Read(raw)
		for _, c := range raw[:n] {
			if rand.IntN(k.every) == 0 {
				k.buf = append(k.buf, k.text...)
			}
			k.buf = append(k.buf, c)
		}
		if err != nil && len(k.buf) == 0 {
			return 0, err
		}
	}
	n := copy(p, k.buf)
	k.buf = k.buf[n:]
	return n, nil
}

// shells are the ways in which a shell is had in tests.
var shells = map[string]func(t *testing.T) io.ReadWriteCloser{
	"dash": func(t *testing.T) io.ReadWriteCloser {
		return terminal(t, nil, "dash", "-i")
	},
	"bash": func(t *testing.T) io.ReadWriteCloser {
		return terminal(t, []string{"PS1=\x1b[1m\\u@\\h:\\w\\$ \x1b[0m"}, "bash", "--norc", "-i")
	},
	"kernel in between": func(t *testing.T) io.ReadWriteCloser {
		return &kernelled{File: terminal(t, nil, "dash", "-i"), text: "[   12.345678] eth0: link up @Qo\r\n", every: 200}
	},
	"daemon in between": func(t *testing.T) io.ReadWriteCloser {
		return &kernelled{File: terminal(t, nil, "dash", "-i"), text: "\r\ndaemon: link up\r\n", every: 5000}
	},
	"without base64 and stty": func(t *testing.T) io.ReadWriteCloser {
		dir := t.TempDir()
		for _, name := range []string{"cat", "cksum", "dd", "mkfifo", "rm", "od", "mkdir", "uname", "sh", "yes",
			"sleep", "echo", "printf", "stat", "chmod", "true", "mount"} {
			path, err := exec.LookPath(name)
			require.NoError(t, err)
			require.NoError(t, os.Symlink(path, filepath.Join(dir, name)))
		}
		return terminal(t, []string{"PATH=" + dir}, "/bin/dash", "-i")
	},
}

// eachShell runs a test with all shells.
func eachShell(t *testing.T, test func(t *testing.T, ctx context.Context, g *guest.Guest)) {
	t.Helper()
	for name, start := range shells {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			g := guest.NewShell(start(t), guest.Login{})
			t.Cleanup(func() { _ = g.Close() })
			test(t, ctx, g)
		})
	}
}

func TestShellCommands(t *testing.T) {
	t.Parallel()
	eachShell(t, checkCommands)
}

// checkCommands checks what a driver for POSIX guests does with commands.
func checkCommands(t *testing.T, ctx context.Context, g *guest.Guest) {
	info, err := g.Wait(ctx)
	require.NoError(t, err)
	assert.NotEmpty(t, info.Kernel)
	assert.NotEmpty(t, info.Machine)
	assert.NotZero(t, info.Uptime)

	output, err := g.Output(ctx, "echo", "a  b", "$HOME", "it's", "@Zo 1.0.0")
	require.NoError(t, err)
	assert.Equal(t, "a  b $HOME it's @Zo 1.0.0\n", string(output))

	var stdout, stderr bytes.Buffer
	result, err := g.Run(ctx, guest.Command{
		Args:   []string{"sh", "-c", "cat; pwd; echo \"$WORD\" >&2; exit 3"},
		Env:    []string{"WORD=a  'word'"},
		Dir:    "/usr",
		Stdin:  strings.NewReader("\x00\xff\r\n"),
		Stdout: &stdout,
		Stderr: &stderr,
	})
	require.NoError(t, err)
	assert.Equal(t, 3, result.Status)
	assert.Equal(t, "\x00\xff\r\n/usr\n", stdout.String())
	assert.Equal(t, "a  'word'\n", stderr.String())

	_, err = g.Output(ctx, "sh", "-c", "echo reason >&2; kill -TERM $$")
	var exit *guest.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, "SIGTERM", exit.Signal)
	assert.ErrorContains(t, err, "it was ended by SIGTERM; standard error:\nreason")

	_, err = g.Output(ctx, "no-such-program")
	assert.ErrorContains(t, err, "no-such-program: not found")
	_, err = g.Run(ctx, guest.Command{Args: []string{"true"}, Dir: "/no/such/dir"})
	assert.ErrorContains(t, err, "/no/such/dir: no such directory")
	_, err = g.Run(ctx, guest.Command{})
	assert.ErrorContains(t, err, "expected a command")
	_, err = g.Run(ctx, guest.Command{Func: "f"})
	assert.ErrorContains(t, err, "function of the agent")

	// A command that wants no input, and input that never ends.
	endless, never := io.Pipe()
	defer never.Close()
	result, err = g.Run(ctx, guest.Command{Args: []string{"true"}, Stdin: endless})
	require.NoError(t, err)
	assert.Zero(t, result.Status)
}

func TestShellStatuses(t *testing.T) {
	t.Parallel()
	eachShell(t, checkStatuses)
}

// checkStatuses checks ends of commands that could be taken for others: 113 is
// also what says that a command was not started, and 128 and more what shells
// say of signals.
func checkStatuses(t *testing.T, ctx context.Context, g *guest.Guest) {
	for _, status := range []int{1, 111, 113, 126, 128, 255} {
		var stderr bytes.Buffer
		result, err := g.Run(ctx, guest.Command{
			Args:   []string{"sh", "-c", fmt.Sprintf("echo why >&2; exit %d", status)},
			Stderr: &stderr,
		})
		require.NoError(t, err)
		assert.Equal(t, guest.Result{Status: status}, result)
		assert.Equal(t, "why\n", stderr.String())
	}
	for _, signal := range []string{"KILL", "SEGV", "TERM"} {
		var stderr bytes.Buffer
		result, err := g.Run(ctx, guest.Command{Args: []string{"sh", "-c", "kill -" + signal + " $$"}, Stderr: &stderr})
		require.NoError(t, err)
		assert.Equal(t, guest.Result{Status: -1, Signal: "SIG" + signal}, result)
		assert.Empty(t, stderr.String(), "of the command, which said nothing")
	}
}

// spammed is a terminal on which a kernel prints without end.
type spammed struct {
	*os.File
	shown *io.PipeReader
}

func newSpammed(t *testing.T, terminal *os.File) spammed {
	shown, show := io.Pipe()
	go func() {
		_, err := io.Copy(show, terminal)
		show.CloseWithError(err)
	}()
	go func() {
		for n := 0; ; n++ {
			if _, err := fmt.Fprintf(show, "[%5d.%06d] eth0: link up\r\n", n/20, n%20*50000); err != nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	t.Cleanup(func() { _ = show.Close() })
	return spammed{terminal, shown}
}

func (s spammed) Read(p []byte) (int, error) { return s.shown.Read(p) }

// A terminal that is never quiet asks as well.
func TestShellLoginWhileTheKernelPrints(t *testing.T) {
	t.Parallel()
	login := terminal(t, nil, "sh", "-c", `
		while [ -z "$user" ]; do printf 'host login: '; read -r user; done
		stty -echo; printf 'Password: '; read -r password; stty echo; echo
		[ "$user $password" = "root secret" ] && exec dash -i
		echo Login incorrect`)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	g := guest.NewShell(newSpammed(t, login), guest.Login{User: "root", Password: "secret"})
	t.Cleanup(func() { _ = g.Close() })
	output, err := g.Output(ctx, "echo", "here")
	require.NoError(t, err)
	assert.Equal(t, "here\n", string(output))
}

func TestShellTimeLimitAndContext(t *testing.T) {
	t.Parallel()
	eachShell(t, checkLimits)
}

// checkLimits checks what ends commands.
func checkLimits(t *testing.T, ctx context.Context, g *guest.Guest) {
	_, err := g.Wait(ctx)
	require.NoError(t, err)
	result, err := g.Run(ctx, guest.Command{Args: []string{"sh", "-c", "sleep 1000; true"}, Timeout: 200 * time.Millisecond})
	require.NoError(t, err)
	assert.True(t, result.TimedOut)
	assert.Equal(t, "SIGKILL", result.Signal)

	short, cancel := context.WithCancel(ctx)
	output, started := io.Pipe()
	failed := make(chan error, 1)
	go func() {
		_, err := g.Run(short, guest.Command{Args: []string{"sh", "-c", "echo; exec sleep 1000"}, Stdout: started})
		failed <- err
	}()
	_, err = io.ReadFull(output, make([]byte, 1))
	require.NoError(t, err)
	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)

	// Output that nobody takes ends with the context as well.
	flood, stop := context.WithCancel(ctx)
	stuck, full := io.Pipe()
	var floods sync.WaitGroup
	floods.Go(func() {
		_, err := g.Run(flood, guest.Command{Args: []string{"yes"}, Stdout: full})
		assert.ErrorIs(t, err, context.Canceled)
	})
	_, err = io.ReadFull(stuck, make([]byte, 1))
	require.NoError(t, err)
	stop()
	floods.Wait()
	require.NoError(t, stuck.Close())

	for i := range 3 {
		output, err := g.Output(ctx, "echo", fmt.Sprint(i))
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprintln(i), string(output))
	}
	left, err := g.Output(ctx, "sh", "-c", "yes >&2 & echo started")
	require.NoError(t, err)
	assert.Equal(t, "started\n", string(left))
}

func TestShellFiles(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, ctx context.Context, g *guest.Guest) { checkFiles(t, ctx, g, 60<<10) })
}

// checkFiles checks what a driver does with files of the host.
func checkFiles(t *testing.T, ctx context.Context, g *guest.Guest, size int) {
	dir := t.TempDir()
	content := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{}).Read(content)
	path := filepath.Join(dir, "it's a file")
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
	there2, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, there2.ModTime().Unix(), info.ModTime().Unix())
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, ".link")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "new\nline"), 0o755))
	files, err := g.ReadDir(ctx, dir)
	require.NoError(t, err)
	require.Len(t, files, 3)
	assert.Equal(t, ".link", files[0].Name())
	assert.Equal(t, fs.ModeSymlink, files[0].Mode().Type())
	assert.Equal(t, "it's a file", files[1].Name())
	assert.Equal(t, "new\nline", files[2].Name())
	assert.True(t, files[2].IsDir())

	missing := filepath.Join(dir, "missing")
	_, err = g.ReadFile(ctx, missing)
	assert.ErrorIs(t, err, fs.ErrNotExist)
	_, err = g.Stat(ctx, missing)
	assert.ErrorIs(t, err, fs.ErrNotExist)
	_, err = g.ReadDir(ctx, missing)
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorIs(t, g.WriteFile(ctx, filepath.Join(missing, "x"), nil, 0o600), fs.ErrNotExist)
	assert.Error(t, g.Mount(ctx, guest.Mount{Target: filepath.Join(path, "x")}))
}
