package qmp_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest/qmp"
)

// BenchmarkRoundTrip compares a call with the least that a JSON round trip over
// the same socket costs, against QEMU and against a peer that answers at once.
// With -benchtime 500x several times over, the machine's other work shows
// less.
func BenchmarkRoundTrip(b *testing.B) {
	for _, to := range []struct {
		name  string
		start func(testing.TB) net.Conn
	}{
		{"QEMU", startBare},
		{"peer", startEcho},
	} {
		b.Run(to.name+"/raw", func(b *testing.B) { benchmarkRaw(b, to.start(b)) })
		b.Run(to.name+"/client", func(b *testing.B) { benchmarkClient(b, to.start(b), qmp.Options{}) })
		b.Run(to.name+"/client with log", func(b *testing.B) {
			log, err := os.Create(filepath.Join(b.TempDir(), "qmp.log"))
			require.NoError(b, err)
			defer log.Close()
			benchmarkClient(b, to.start(b), qmp.Options{Log: log})
		})
	}
}

func benchmarkRaw(b *testing.B, conn net.Conn) {
	in := bufio.NewReaderSize(conn, 64<<10)
	id := 0
	call := func(command string, args any) {
		id++
		line, err := json.Marshal(struct {
			Execute   string `json:"execute"`
			Arguments any    `json:"arguments,omitempty"`
			ID        int    `json:"id"`
		}{command, args, id})
		require.NoError(b, err)
		_, err = conn.Write(line)
		require.NoError(b, err)
		line, err = in.ReadSlice('\n')
		require.NoError(b, err)
		var reply struct {
			ID     int             `json:"id"`
			Return json.RawMessage `json:"return"`
		}
		require.NoError(b, json.Unmarshal(line, &reply))
		if reply.ID != id {
			b.Fatalf("expected the reply to %d, got %s", id, line)
		}
	}
	_, err := in.ReadSlice('\n') // the greeting
	require.NoError(b, err)
	call("qmp_capabilities", qmp.Args{"enable": []string{"oob"}})
	for b.Loop() {
		call("query-status", nil)
	}
}

func benchmarkClient(b *testing.B, conn net.Conn, opts qmp.Options) {
	c, err := qmp.NewClient(b.Context(), conn, opts)
	require.NoError(b, err)
	defer c.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Execute(b.Context(), "query-status", nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLargeReply is the time of a 200 KB reply, QEMU's largest in daily
// use.
func BenchmarkLargeReply(b *testing.B) {
	c, err := qmp.NewClient(b.Context(), startBare(b), qmp.Options{})
	require.NoError(b, err)
	defer c.Close()
	for b.Loop() {
		value, err := c.Execute(b.Context(), "query-qmp-schema", nil)
		require.NoError(b, err)
		b.SetBytes(int64(len(value)))
	}
}

// BenchmarkEvent is the cost of an event that nobody reads, with a full
// history behind it.
func BenchmarkEvent(b *testing.B) {
	conn, theirs := socketPair(b)
	peerConn, err := net.FileConn(theirs)
	require.NoError(b, err)
	defer peerConn.Close()
	p := &peer{t: b, conn: peerConn, in: json.NewDecoder(peerConn)}
	go func() {
		p.send(greeting)
		p.reply(p.read(), `{}`)
	}()
	c, err := qmp.NewClient(b.Context(), conn, qmp.Options{History: 100})
	require.NoError(b, err)
	defer c.Close()
	b.ReportAllocs()
	for b.Loop() {
		p.event("RTC_CHANGE", `{"offset": 0, "qom-path": "/machine/unattached/device[8]"}`)
	}
	a := start(b.Context(), c, "query-status", nil)
	p.reply(p.read(), `{}`)
	require.NoError(b, (<-a).err)
}

// BenchmarkKilled is the time from a SIGKILL for QEMU to the error of the call
// in flight. It has to be under 100 ms.
func BenchmarkKilled(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		log := newLogLines()
		q := startQEMU(b, qmp.Options{Log: log})
		q.stopProcess(b)
		a := start(b.Context(), q.Client, "query-status", nil)
		log.awaitSent("query-status")
		b.StartTimer()
		require.NoError(b, q.process.Kill())
		require.ErrorIs(b, (<-a).err, qmp.ErrLost)
	}
}

// startBare starts a QEMU and leaves the talking to the caller.
func startBare(t testing.TB) net.Conn {
	conn, theirs := socketPair(t)
	cmd := exec.Command(emulator(t), "-M", "none", "-display", "none", "-nodefaults",
		"-chardev", "socket,id=mon,fd=3", "-mon", "chardev=mon,mode=control")
	cmd.ExtraFiles = []*os.File{theirs}
	require.NoError(t, cmd.Start())
	theirs.Close()
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return conn
}

// startEcho starts a peer that answers every command at once.
func startEcho(t testing.TB) net.Conn {
	conn, theirs := socketPair(t)
	peerConn, err := net.FileConn(theirs)
	require.NoError(t, err)
	t.Cleanup(func() { peerConn.Close() })
	go func() {
		fmt.Fprintf(peerConn, "%s\r\n", greeting)
		(&peer{t: t, conn: peerConn, in: json.NewDecoder(peerConn)}).echo()
	}()
	return conn
}
