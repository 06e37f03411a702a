package qmp

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func socketPair(t testing.TB) (net.Conn, *os.File) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	ours, theirs := os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
	conn, err := net.FileConn(ours)
	require.NoError(t, err)
	ours.Close()
	t.Cleanup(func() { conn.Close(); theirs.Close() })
	return conn, theirs
}

func TestSmoke(t *testing.T) {
	conn, theirs := socketPair(t)
	cmd := exec.Command("qemu-system-x86_64", "-M", "none", "-display", "none", "-nodefaults", "-chardev", "socket,id=m,fd=3", "-mon", "chardev=m,mode=control")
	cmd.ExtraFiles = []*os.File{theirs}
	require.NoError(t, cmd.Start())
	theirs.Close()
	defer cmd.Process.Kill()
	var log bytes.Buffer
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := NewClient(ctx, conn, Options{Log: &log, Name: "vm", Ended: cmd.Wait})
	require.NoError(t, err)
	t.Log(c.Version(), c.Greeting(), c.oob)
	_, err = c.Execute(ctx, "stop", nil)
	require.NoError(t, err)
	e, next, err := c.WaitEvent(ctx, 0, Named("STOP"))
	require.NoError(t, err)
	t.Log(e, next)
	t.Log(c.HMP(ctx, "info version"))
	t.Log(c.HMP(ctx, "foo"))
	_, err = c.Execute(ctx, "device_del", Args{"id": "foo"})
	t.Log(err)
	_, err = c.ExecuteOOB(ctx, "query-yank", nil)
	require.NoError(t, err)
	cmd.Process.Kill()
	_, err = c.Execute(ctx, "query-version", nil)
	t.Log(err)
	t.Log(c.Recent(100))
	t.Log(log.String())
	c.Close()
}
