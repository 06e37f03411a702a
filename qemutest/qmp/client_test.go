package qmp_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest/qmp"
)

func TestGreeting(t *testing.T) {
	t.Parallel()
	c, _ := connect(t, qmp.Options{})
	assert.Equal(t, []string{"oob"}, c.Greeting().Capabilities)
	v := c.Version()
	assert.Equal(t, qmp.Version{Major: 10, Minor: 0, Micro: 2, Package: "Debian 1:10.0.2"}, v)
	assert.Equal(t, "10.0.2", v.String())
	assert.True(t, v.AtLeast(9, 2))
	assert.True(t, v.AtLeast(10, 0))
	assert.False(t, v.AtLeast(10, 1))
	assert.False(t, v.AtLeast(11, 0))
}

func TestNegotiation(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ capabilities, arguments string }{
		{`["oob"]`, `{"enable": ["oob"]}`},
		{`[]`, ``},
		{`["new"]`, ``},
	} {
		p, conn := newPeer(t)
		go func() {
			p.send(`{"QMP": {"capabilities": %s}}`, test.capabilities)
			r := p.read()
			assert.Equal(t, "qmp_capabilities", r.Execute)
			if test.arguments == "" {
				assert.Nil(t, r.Arguments)
			} else {
				assert.JSONEq(t, test.arguments, string(r.Arguments))
			}
			p.reply(r, `{}`)
		}()
		c, err := qmp.NewClient(within(t, time.Minute), conn, qmp.Options{})
		require.NoError(t, err)
		if test.arguments == "" {
			_, err = c.ExecuteOOB(t.Context(), "yank", nil)
			assert.ErrorIs(t, err, qmp.ErrNoOOB)
		}
		require.NoError(t, c.Close())
	}
}

// What QEMU may say to a client that comes after another.
func TestLeftoversBeforeGreeting(t *testing.T) {
	t.Parallel()
	p, conn := newPeer(t)
	go func() {
		p.event("RESUME", `{}`)
		p.send(`{"return": {"for": "another client"}, "id": 1}`)
		p.send(greeting)
		r := p.read()
		p.send(`{"return": {"for": "another client"}, "id": 2}`)
		p.reply(r, `{}`)
		p.echo()
	}()
	c, err := qmp.NewClient(within(t, time.Minute), conn, qmp.Options{})
	require.NoError(t, err)
	defer c.Close()
	for range 3 {
		value, err := c.Execute(t.Context(), "echo", nil)
		require.NoError(t, err)
		assert.Equal(t, `{}`, string(value))
	}
	e, _, err := c.WaitEvent(t.Context(), 0)
	require.NoError(t, err)
	assert.Equal(t, "RESUME", e.Name)
}

func TestNoGreeting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, conn := newPeer(t)
		_, err := qmp.NewClient(within(t, 3*time.Second), conn, qmp.Options{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.EqualError(t, err, "no QMP greeting from QEMU within 3s"+
			" (is it stopped, or is another client connected?): context deadline exceeded")
		_, err = conn.Write([]byte("x"))
		assert.ErrorIs(t, err, io.ErrClosedPipe, "the connection must be closed")
	})
}

func TestEndBeforeGreeting(t *testing.T) {
	t.Parallel()
	p, conn := newPeer(t)
	p.conn.Close()
	ended := errors.New("exit status 1: -M foo: unsupported machine type")
	_, err := qmp.NewClient(within(t, time.Minute), conn, qmp.Options{Ended: func() error { return ended }})
	require.ErrorIs(t, err, qmp.ErrLost)
	require.ErrorIs(t, err, ended)
	assert.EqualError(t, err, "expected QEMU's QMP greeting: QEMU closed the QMP connection: "+ended.Error())
}

func TestNegotiationRefused(t *testing.T) {
	t.Parallel()
	p, conn := newPeer(t)
	go func() {
		p.send(greeting)
		p.send(`{"error": {"class": "GenericError", "desc": "no"}, "id": %s}`, p.read().ID)
	}()
	_, err := qmp.NewClient(within(t, time.Minute), conn, qmp.Options{})
	assert.EqualError(t, err, "expected to negotiate QMP capabilities: QEMU refused qmp_capabilities: no")
}

func TestConnectionLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		killed := errors.New("killed by signal 11 (SIGSEGV)")
		c, p := connect(t, qmp.Options{Ended: func() error {
			time.Sleep(20 * time.Millisecond) // until the process is reaped
			return killed
		}})
		a := start(t.Context(), c, "last", nil)
		p.read()
		p.event("SHUTDOWN", `{"reason": "guest-panic"}`)
		p.conn.Close()
		began := time.Now()
		err := (<-a).err
		assert.Equal(t, 20*time.Millisecond, time.Since(began))
		require.ErrorIs(t, err, qmp.ErrLost)
		require.ErrorIs(t, err, killed)
		require.ErrorIs(t, err, io.EOF)
		assert.EqualError(t, err, "QEMU gave no reply to last within 20ms: QEMU closed the QMP connection: "+killed.Error())

		<-c.Done()
		assert.ErrorIs(t, c.Err(), killed)
		assert.Len(t, c.Events(0), 1, "what QEMU said last is kept")
		_, err = c.Execute(t.Context(), "after", nil)
		assert.ErrorIs(t, err, killed)
		_, _, err = c.WaitEvent(t.Context(), 0, qmp.Named("RESET"))
		assert.ErrorIs(t, err, killed)
	})
}

func TestEndedIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		c, p := connect(t, qmp.Options{Ended: func() error { <-release; return nil }})
		a := start(t.Context(), c, "last", nil)
		p.read()
		began := time.Now()
		p.conn.Close()
		err := (<-a).err
		assert.LessOrEqual(t, time.Since(began), 100*time.Millisecond)
		assert.ErrorContains(t, err, "QEMU closed the QMP connection (EOF); how it ended isn't known")
	})
}

func TestMessageCutShort(t *testing.T) {
	t.Parallel()
	c, p := connect(t, qmp.Options{})
	a := start(t.Context(), c, "last", nil)
	r := p.read()
	io.WriteString(p.conn, `{"return": {}, "id": `+string(r.ID))
	p.conn.Close()
	err := (<-a).err
	assert.ErrorIs(t, err, qmp.ErrLost)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

// A reply may be in what can't be read, so the calls in flight must not wait
// for one.
func TestMalformedMessage(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		`{"return": }`,
		`{"return": {}, "id": 1`,
		`{"return": {}} {"return": {}}`,
		`{"event": 5}`,
		`qemu-system-arm: warning: nic ethernet.0 has no peer`,
		`[]`,
		`42`,
		``,
		"\xff\xfe",
	} {
		c, p := connect(t, qmp.Options{})
		a := start(t.Context(), c, "query", nil)
		p.read()
		p.event("RESUME", `{}`)
		p.send("%s", bad)
		err := (<-a).err
		var protocol *qmp.ProtocolError
		require.ErrorAs(t, err, &protocol, "%q", bad)
		assert.NotErrorIs(t, err, qmp.ErrLost)
		assert.Equal(t, bad, protocol.Message)
		assert.Contains(t, err.Error(), "not QMP, at byte ")
		<-c.Done()
		_, werr := p.conn.Write([]byte("x"))
		assert.Error(t, werr, "the connection must be closed")
	}
}

func TestUnknownMessages(t *testing.T) {
	t.Parallel()
	c, p := connect(t, qmp.Options{})
	a := start(t.Context(), c, "query", nil)
	r := p.read()
	p.send(`{"return": {}, "id": 4711}`)
	p.send(`{"return": {}, "id": {"of": ["another", "kind"]}}`)
	p.send(`{"return": {}}`)
	p.send(`{"new": "kind of message"}`)
	p.send(greeting)
	p.send(`{"id": %s, "return": null, "more": 1}`, r.ID)
	assert.Equal(t, answer{json.RawMessage(`null`), nil}, <-a)
}

func TestLargeReply(t *testing.T) {
	t.Parallel()
	c, p := connect(t, qmp.Options{})
	big := `"` + strings.Repeat("0123456789abcde ", 5<<20/16) + `"`
	for _, value := range []string{big, `1`} {
		a := start(t.Context(), c, "query", nil)
		p.reply(p.read(), value)
		got := <-a
		require.NoError(t, got.err)
		assert.True(t, string(got.value) == value, "expected all of %d bytes", len(value))
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // fails if a goroutine is left
		c, p := connect(t, qmp.Options{Ended: func() error { return errors.New("not asked") }})
		p.event("RESUME", `{}`)
		a := start(t.Context(), c, "sent", nil)
		p.read()
		blocked := start(t.Context(), c, "being written", nil)
		queued := start(t.Context(), c, "queued", nil)
		synctest.Wait()
		require.NoError(t, c.Close())
		require.NoError(t, c.Close())
		for _, ch := range []<-chan answer{a, blocked, queued} {
			assert.ErrorIs(t, (<-ch).err, qmp.ErrClosed)
		}
		assert.Equal(t, qmp.ErrClosed, c.Err())
		assert.Len(t, c.Events(0), 1)
	})
}

// A connection that can be read but not written.
type deafConn struct{ net.Conn }

func (deafConn) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestWriteFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, conn := newPeer(t)
		go p.send(greeting)
		_, err := qmp.NewClient(within(t, time.Minute), deafConn{conn}, qmp.Options{})
		require.ErrorIs(t, err, qmp.ErrLost)
		assert.ErrorContains(t, err, "QEMU closed the QMP connection (broken pipe)")
	})
}

func TestLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		c, p := connect(t, qmp.Options{Name: "vm0", Log: &log})
		a := start(t.Context(), c, "query", nil)
		r := p.read()
		time.Sleep(1500 * time.Microsecond)
		p.reply(r, `"`+strings.Repeat("x", 1000)+`"`)
		<-a
		p.event("STOP", `{}`)
		synctest.Wait()
		c.Close()

		lines := strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
		require.Len(t, lines, 7)
		const clock = `^00:00:00\.\d{6} vm0 `
		for i, want := range []string{
			`<- \{"QMP": .*\}$`,
			`-> \{"execute":"qmp_capabilities",.*\}$`,
			`<- \[qmp_capabilities 0s\] \{"return": \{\}, "id": \d+\}$`,
			`-> \{"execute":"query","id":1\}$`,
			`<- \[query 1.5ms\] \{"return": "x{1000}", "id": 1\}$`,
			`<- \{.*"event": "STOP", "data": \{\}\}$`,
			`-- connection ended: the QMP client was closed by this program$`,
		} {
			assert.Regexp(t, clock+want, lines[i])
		}

		recent := strings.Split(c.Recent(3), "\n")
		require.Len(t, recent, 4)
		assert.Regexp(t, clock+`<- \[query 1.5ms\] \{"return": "x+… \(1023 bytes\)$`, recent[0])
		assert.Less(t, len(recent[0]), 600)
		assert.Equal(t, lines[5], recent[1])
		assert.Equal(t, lines[6], recent[2])
		assert.Equal(t, 7, strings.Count(c.Recent(1000), "\n"))
	})
}
