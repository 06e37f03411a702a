package qmp_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalocean/go-qemu/qemu"
	goqemu "github.com/digitalocean/go-qemu/qmp"
	"github.com/digitalocean/go-qemu/qmp/raw"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest/qmp"
)

func TestMonitorRun(t *testing.T) {
	t.Parallel()
	c, p := connect(t, qmp.Options{})
	go p.echo()
	m := c.Monitor()
	require.NoError(t, m.Connect())
	for _, test := range []struct{ command, reply string }{
		{`{"execute": "echo"}`, `{"return":{}}`},
		{`{"execute": "echo", "arguments": {"n": 18446744073709551615}}`, `{"return":{"n":18446744073709551615}}`},
		{`{"execute": "echo", "id": 7}`, `{"return":{},"id":7}`},
		{`{"execute": "echo", "id": "seven"}`, `{"return":{},"id":"seven"}`},
	} {
		reply, err := m.Run([]byte(test.command))
		require.NoError(t, err)
		assert.Equal(t, test.reply, string(reply))
	}
	for _, bad := range []string{``, `{`, `[]`, `{"arguments": {}}`, `{"execute": 5}`, `{"execute": "a", "exec-oob": "b"}`} {
		_, err := m.Run([]byte(bad))
		assert.ErrorContains(t, err, "expected a QMP command", bad)
	}
}

func TestMonitorRunOutOfBand(t *testing.T) {
	t.Parallel()
	c, p := connect(t, qmp.Options{})
	go func() {
		r := p.read()
		assert.Equal(t, "migrate-pause", r.ExecOOB)
		p.send(`{"error": {"class": "GenericError", "desc": "not now"}, "id": %s}`, r.ID)
	}()
	_, err := c.Monitor().Run([]byte(`{"exec-oob": "migrate-pause", "id": 1}`))
	assert.EqualError(t, err, "QEMU refused migrate-pause: not now")
}

// Run has no context: a QEMU that doesn't answer must not hang it.
func TestMonitorRunIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := connect(t, qmp.Options{})
		go func() {
			p.read()
			p.read()
		}()
		for _, test := range []struct{ timeout, want time.Duration }{
			{0, 30 * time.Second},
			{time.Second, time.Second},
		} {
			m := c.Monitor()
			m.Timeout = test.timeout
			began := time.Now()
			_, err := m.Run([]byte(`{"execute": "query-status"}`))
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, test.want, time.Since(began))
		}
	})
}

func TestMonitorDisconnect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := connect(t, qmp.Options{})
		m := c.Monitor()
		events, err := m.Events(t.Context())
		require.NoError(t, err)
		result := make(chan error)
		go func() {
			_, err := m.Run([]byte(`{"execute": "query-status"}`))
			result <- err
		}()
		p.read()
		require.NoError(t, m.Disconnect())
		assert.ErrorIs(t, <-result, context.Canceled)
		_, open := <-events
		assert.False(t, open)

		// The client, and other monitors on it, go on.
		require.NoError(t, c.Err())
		go p.echo()
		_, err = c.Monitor().Run([]byte(`{"execute": "query-status"}`))
		assert.NoError(t, err)
		require.NoError(t, m.Connect())
		_, err = m.Run([]byte(`{"execute": "query-status"}`))
		assert.NoError(t, err)
	})
}

func TestMonitorEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("exit status 0")
		c, p := connect(t, qmp.Options{Ended: func() error { return gone }})
		p.event("BEFORE", `{}`)
		received(t, c, p)
		m := c.Monitor()
		ctx, cancel := context.WithCancel(t.Context())
		canceled, err := m.Events(ctx)
		require.NoError(t, err)
		events, err := m.Events(t.Context())
		require.NoError(t, err)

		// Nobody reads, and nothing waits for a reader.
		p.event("BLOCK_JOB_READY", `{"len": 9007199254740993}`)
		p.event("STOP", `null`)
		received(t, c, p)
		cancel()
		synctest.Wait()
		for range canceled {
			assert.Fail(t, "expected no event after the context ended")
		}

		e := <-events
		assert.Equal(t, "BLOCK_JOB_READY", e.Event)
		assert.Equal(t, json.Number("9007199254740993"), e.Data["len"])
		assert.Equal(t, int64(1258551470), e.Timestamp.Seconds)
		assert.Equal(t, int64(802384), e.Timestamp.Microseconds)
		p.conn.Close()
		<-c.Done()
		e = <-events
		assert.Equal(t, "STOP", e.Event, "what came before the end is delivered")
		assert.Nil(t, e.Data)
		_, open := <-events
		assert.False(t, open)

		_, err = m.Events(t.Context())
		assert.ErrorIs(t, err, gone)
		assert.ErrorIs(t, m.Connect(), gone)
	})
}

// The typed commands and the domain of go-qemu on a real QEMU, with what its
// own transport can't do: replies over 64 KiB, unread events, an error's class.
func TestQEMUWithGoQEMU(t *testing.T) {
	t.Parallel()
	q := startQEMU(t, qmp.Options{})
	m := q.Monitor()
	commands := raw.NewMonitor(m)
	version, err := commands.QueryVersion()
	require.NoError(t, err)
	assert.EqualValues(t, q.Version().Major, version.Qemu.Major)
	types, err := commands.QomListTypes(nil, nil)
	require.NoError(t, err)
	assert.Greater(t, len(types), 50)
	err = commands.DeviceDel("nope")
	var refused *qmp.Error
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, qmp.ClassDeviceNotFound, refused.Class)

	domain, err := qemu.NewDomain(m, "test")
	require.NoError(t, err)
	text, err := domain.Version()
	require.NoError(t, err)
	assert.Equal(t, q.Version().String(), text)
	supported, err := domain.Supported("query-status")
	require.NoError(t, err)
	assert.True(t, supported)
	_, err = domain.BlockDevices()
	require.NoError(t, err)
	schema, err := domain.Run(goqemu.Command{Execute: "query-qmp-schema"})
	require.NoError(t, err)
	assert.Greater(t, len(schema), 64<<10)

	events, done, err := domain.Events()
	require.NoError(t, err)
	for range 10 {
		require.NoError(t, commands.Stop())
		require.NoError(t, commands.Cont())
	}
	status, err := domain.Status()
	require.NoError(t, err)
	assert.Equal(t, qemu.StatusRunning, status)
	assert.Equal(t, "STOP", (<-events).Event)
	assert.Equal(t, "RESUME", (<-events).Event)
	close(done)
	require.NoError(t, domain.Close())
	assert.NoError(t, q.Err(), "the connection isn't the domain's")
}
