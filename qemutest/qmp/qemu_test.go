package qmp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest/qmp"
)

// A realQEMU is an emulator with the machine "none".
type realQEMU struct {
	*qmp.Client
	conn    *net.UnixConn // the client's; only to set it up
	process *os.Process
	wait    func() error // until it has ended; how
}

// startQEMU starts an emulator and connects to it. The test is skipped where
// there is none.
func startQEMU(t testing.TB, opts qmp.Options, args ...string) *realQEMU {
	t.Helper()
	conn, theirs := socketPair(t)
	cmd := exec.Command(emulator(t), append([]string{
		"-M", "none", "-m", "16", "-display", "none", "-nodefaults",
		"-chardev", "socket,id=mon,fd=3", "-mon", "chardev=mon,mode=control"}, args...)...)
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	theirs.Close()
	wait := sync.OnceValue(cmd.Wait)
	t.Cleanup(func() {
		cmd.Process.Kill()
		wait()
	})
	opts.Ended = wait
	c, err := qmp.NewClient(within(t, time.Minute), conn, opts)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return &realQEMU{Client: c, conn: conn, process: cmd.Process, wait: wait}
}

// emulator returns the path of an emulator, whichever there is.
func emulator(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("QEMU_TEST_QEMU_BINARY"); path != "" {
		return path
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		found, _ := filepath.Glob(filepath.Join(dir, "qemu-system-*"))
		for _, path := range found {
			if _, err := exec.LookPath(path); err == nil {
				return path
			}
		}
	}
	t.Skip("no qemu-system-* in PATH: install QEMU or set QEMU_TEST_QEMU_BINARY")
	return ""
}

func TestQEMU(t *testing.T) {
	t.Parallel()
	q := startQEMU(t, qmp.Options{})
	ctx := within(t, time.Minute)
	assert.True(t, q.Version().AtLeast(2, 12), "out-of-band execution is younger than %v", q.Version())
	assert.Contains(t, q.Greeting().Capabilities, "oob")

	status, err := qmp.Call[struct{ Status string }](ctx, q.Client, "query-status", nil)
	require.NoError(t, err)
	assert.Equal(t, "running", status.Status)

	_, err = q.Execute(ctx, "device_del", qmp.Args{"id": "nope"})
	var refused *qmp.Error
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, qmp.ClassDeviceNotFound, refused.Class)
	_, err = q.Execute(ctx, "no-such-command", nil)
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, qmp.ClassCommandNotFound, refused.Class)

	text, err := q.HMP(ctx, "info version")
	require.NoError(t, err)
	assert.Contains(t, text, q.Version().String())
	for _, line := range []string{"nonsense", "device_del nope", "cont 3"} {
		_, err = q.HMP(ctx, line)
		var complaint *qmp.HMPError
		assert.ErrorAs(t, err, &complaint, line)
	}

	_, err = q.Execute(ctx, "quit", nil)
	require.NoError(t, err)
	e, _, err := q.WaitEvent(ctx, 0, qmp.Named("SHUTDOWN"), qmp.With(qmp.Args{"reason": "host-qmp-quit", "guest": false}))
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), e.Time, time.Minute)
	<-q.Done()
	assert.ErrorIs(t, q.Err(), qmp.ErrLost)
	assert.NoError(t, q.wait())
}

func TestQEMUManyCallsFromManyGoroutines(t *testing.T) {
	t.Parallel()
	n := 1000
	if testing.Short() {
		n = 100
	}
	q := startQEMU(t, qmp.Options{})
	ctx := within(t, time.Minute)
	_, err := q.Execute(ctx, "qom-list", qmp.Args{"path": "/machine"})
	require.NoError(t, err)
	// Each command says in its error what it was asked.
	callFromManyGoroutines(t, 8, n, func(g, i int) error {
		id := fmt.Sprintf("device-%d-%d", g, i)
		_, err := q.Execute(ctx, "device_del", qmp.Args{"id": id})
		if want := fmt.Sprintf("Device '%s' not found", id); !strings.Contains(err.Error(), want) {
			return fmt.Errorf("expected %s, got %w", want, err)
		}
		return nil
	})
}

func TestQEMUEventsNobodyReads(t *testing.T) {
	t.Parallel()
	n := 10_000
	if testing.Short() {
		n = 1000
	}
	q := startQEMU(t, qmp.Options{})
	ctx := within(t, time.Minute)
	from := q.Cursor()
	for range n / 2 {
		_, err := q.Execute(ctx, "stop", nil)
		require.NoError(t, err)
		_, err = q.Execute(ctx, "cont", nil)
		require.NoError(t, err)
	}
	events := q.Events(from)
	require.Len(t, events, n)
	for i, e := range events {
		require.Equal(t, []string{"STOP", "RESUME"}[i%2], e.Name)
	}
}

func TestQEMULargeReply(t *testing.T) {
	t.Parallel()
	q := startQEMU(t, qmp.Options{})
	ctx := within(t, time.Minute)
	schema, err := qmp.Call[[]struct{ Name string }](ctx, q.Client, "query-qmp-schema", nil)
	require.NoError(t, err)
	assert.Greater(t, len(schema), 500)

	if testing.Short() {
		t.Skip("QEMU takes seconds to write 5 MB")
	}
	dump, err := q.HMP(ctx, "xp /900000xb 0")
	require.NoError(t, err)
	assert.Greater(t, len(dump), 5<<20)
	assert.Equal(t, 900_000, strings.Count(dump, " 0x"))
	status, err := q.Execute(ctx, "query-status", nil)
	require.NoError(t, err)
	assert.Contains(t, string(status), "running")
}

// stopProcess stops QEMU the hard way: it answers nothing any more.
func (q *realQEMU) stopProcess(t testing.TB) {
	t.Helper()
	require.NoError(t, q.process.Signal(syscall.SIGSTOP))
}

func TestQEMUStopped(t *testing.T) {
	t.Parallel()
	q := startQEMU(t, qmp.Options{})
	q.stopProcess(t)
	_, err := q.Execute(within(t, 200*time.Millisecond), "query-name", nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	require.NoError(t, q.process.Signal(syscall.SIGCONT))
	status, err := qmp.Call[struct{ Status string }](within(t, time.Minute), q.Client, "query-status", nil)
	require.NoError(t, err)
	assert.Equal(t, "running", status.Status)
	assert.Empty(t, q.Pending())
}

// The socket's buffer is full, and the caller leaves in the middle of a
// command.
func TestQEMUStoppedWithFullBuffer(t *testing.T) {
	t.Parallel()
	log := newLogLines()
	q := startQEMU(t, qmp.Options{Log: log})
	q.stopProcess(t)
	// A small buffer, because QEMU will have to read the command byte by byte.
	require.NoError(t, q.conn.SetWriteBuffer(8<<10))
	long := qmp.Args{"path": strings.Repeat("x", 64<<10)}
	_, err := q.Execute(log.untilSent(t, "qom-list"), "qom-list", long)
	require.ErrorIs(t, err, context.Canceled)
	var callErr *qmp.CallError
	_, err = q.Execute(within(t, 20*time.Millisecond), "query-name", nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorAs(t, err, &callErr)
	assert.False(t, callErr.Sent)

	require.NoError(t, q.process.Signal(syscall.SIGCONT))
	status, err := q.Execute(within(t, time.Minute), "query-status", nil)
	require.NoError(t, err)
	assert.Contains(t, string(status), "running")
}

// logLines is a log that a test can wait for.
type logLines chan string

func newLogLines() logLines { return make(logLines, 1000) }

func (l logLines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// untilSent returns a context that ends when a command has been sent.
func (l logLines) untilSent(t *testing.T, command string) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		l.awaitSent(command)
		cancel()
	}()
	return ctx
}

// awaitSent waits until a command has been sent.
func (l logLines) awaitSent(command string) {
	for !strings.Contains(<-l, `-> {"execute":"`+command+`"`) {
	}
}

func TestQEMUKilled(t *testing.T) {
	t.Parallel()
	log := newLogLines()
	q := startQEMU(t, qmp.Options{Log: log})
	q.stopProcess(t)
	a := start(within(t, time.Minute), q.Client, "query-status", nil)
	waited := make(chan error, 1)
	go func() {
		_, _, err := q.WaitEvent(within(t, time.Minute), 0)
		waited <- err
	}()
	log.awaitSent("query-status")
	require.NoError(t, q.process.Kill())
	err := (<-a).err
	require.ErrorIs(t, err, qmp.ErrLost)
	assert.ErrorContains(t, err, "signal: killed")
	var status *exec.ExitError
	assert.ErrorAs(t, err, &status)
	assert.ErrorAs(t, <-waited, &status)
}

// A monitor may have a backlog for the client that comes next: events in front
// of the greeting, a reply to the one before.
func TestQEMUReconnectWhileEventsFlow(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "qmp") // short: a socket's path has some 100 bytes
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "monitor")
	q := startQEMU(t, qmp.Options{}, "-qmp", "unix:"+path+",server=on,wait=off")
	ctx := within(t, time.Minute)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		var err error
		for err == nil {
			q.Execute(ctx, "stop", nil)
			_, err = q.Execute(ctx, "cont", nil)
		}
	}()
	for i := range 50 {
		conn, err := net.Dial("unix", path)
		require.NoError(t, err)
		c, err := qmp.NewClient(ctx, conn, qmp.Options{})
		require.NoError(t, err)
		id := fmt.Sprint("device-", i)
		_, err = c.Execute(ctx, "device_del", qmp.Args{"id": id})
		require.ErrorContains(t, err, id)
		start(ctx, c, "query-status", nil) // its reply may be for the next client
		require.NoError(t, c.Close())
	}
	q.Close()
	<-stopped
}

// While QEMU's main loop is busy with a command, an out-of-band one gets
// through, even with as many commands waiting as QEMU takes.
func TestQEMUOutOfBand(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	log := newLogLines()
	q := startQEMU(t, qmp.Options{Log: log})
	ctx := within(t, time.Minute)
	// Opening a fifo for writing waits until somebody reads it.
	blocked := start(ctx, q.Client, "chardev-add", qmp.Args{"id": "c",
		"backend": qmp.Args{"type": "file", "data": qmp.Args{"out": fifo}}})
	log.awaitSent("chardev-add")
	var waiting []<-chan answer
	for range 20 {
		waiting = append(waiting, start(ctx, q.Client, "query-status", nil))
	}
	for range 7 {
		log.awaitSent("query-status")
	}
	for range 20 {
		_, err := q.ExecuteOOB(ctx, "query-yank", nil)
		require.NoError(t, err)
	}
	assert.Len(t, q.Pending(), 8)
	reader, err := os.Open(fifo)
	require.NoError(t, err)
	defer reader.Close()
	require.NoError(t, (<-blocked).err)
	for _, a := range waiting {
		require.NoError(t, (<-a).err)
	}

	_, err = q.ExecuteOOB(ctx, "query-status", nil)
	assert.ErrorContains(t, err, "QEMU refused query-status: ")
}

func TestQEMUGetFD(t *testing.T) {
	t.Parallel()
	q := startQEMU(t, qmp.Options{})
	ctx := within(t, time.Minute)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	_, err = q.ExecuteWithFiles(ctx, "getfd", qmp.Args{"fdname": "stream"}, w)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	_, err = q.Execute(ctx, "migrate", qmp.Args{"uri": "fd:stream"})
	require.NoError(t, err)
	magic := make([]byte, 4)
	_, err = io.ReadFull(r, magic)
	require.NoError(t, err)
	assert.Equal(t, "QEVM", string(magic), "the head of a migration stream")

	_, err = q.Execute(ctx, "getfd", qmp.Args{"fdname": "none"})
	assert.ErrorContains(t, err, "SCM_RIGHTS", "no file is left over for the next command")
}

// Files sent by several goroutines at once reach the command they belong to.
func TestQEMUAddFD(t *testing.T) {
	t.Parallel()
	q := startQEMU(t, qmp.Options{})
	links := fmt.Sprintf("/proc/%d/fd", q.process.Pid)
	if _, err := os.Stat(links); err != nil {
		t.Skip("no /proc to see a process's open files in")
	}
	ctx := within(t, time.Minute)
	dir := t.TempDir()
	callFromManyGoroutines(t, 8, 10, func(g, i int) error {
		path := filepath.Join(dir, fmt.Sprintf("%d-%d", g, i))
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		data, err := q.ExecuteWithFiles(ctx, "add-fd", qmp.Args{"fdset-id": g*100 + i, "opaque": path}, f)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		var added struct{ FD int }
		if err := json.Unmarshal(data, &added); err != nil {
			return err
		}
		got, err := os.Readlink(fmt.Sprintf("%s/%d", links, added.FD))
		if got != path {
			return fmt.Errorf("expected QEMU to have %s open, got %s (%v)", path, got, err)
		}
		return nil
	})
}

// A file that was sent too late, or not at all, must not be leaked.
func TestQEMUFilesOfAbandonedCalls(t *testing.T) {
	t.Parallel()
	log := newLogLines()
	q := startQEMU(t, qmp.Options{Log: log})
	q.stopProcess(t)
	var readers []*os.File
	give := func(ctx context.Context) error {
		r, w, err := os.Pipe()
		require.NoError(t, err)
		t.Cleanup(func() { r.Close() })
		readers = append(readers, r)
		_, err = q.ExecuteWithFiles(ctx, "getfd", qmp.Args{"fdname": "x"}, w)
		require.NoError(t, w.Close())
		return err
	}
	require.ErrorIs(t, give(log.untilSent(t, "getfd")), context.Canceled)
	require.ErrorIs(t, give(within(t, 20*time.Millisecond)), context.DeadlineExceeded)

	require.NoError(t, q.process.Signal(syscall.SIGCONT))
	_, err := q.Execute(within(t, time.Minute), "closefd", qmp.Args{"fdname": "x"})
	require.NoError(t, err, "the first file was sent")
	for _, r := range readers {
		_, err := r.Read(make([]byte, 1))
		assert.Equal(t, io.EOF, err, "nobody has the other end open")
	}
}
