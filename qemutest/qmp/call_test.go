package qmp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest/qmp"
)

func TestRepliesInAnyOrder(t *testing.T) {
	t.Parallel()
	c, p := connect(t, qmp.Options{})
	var requests []request
	var answers []<-chan answer
	for i := range 3 {
		answers = append(answers, start(t.Context(), c, "query", qmp.Args{"n": i}))
		requests = append(requests, p.read())
	}
	for i := range requests {
		r := requests[len(requests)-1-i]
		p.reply(r, string(r.Arguments))
	}
	for i, ch := range answers {
		a := <-ch
		require.NoError(t, a.err)
		assert.JSONEq(t, fmt.Sprintf(`{"n": %d}`, i), string(a.value))
	}
}

func TestManyCallsFromManyGoroutines(t *testing.T) {
	t.Parallel()
	c, p := connect(t, qmp.Options{})
	go p.echo()
	callFromManyGoroutines(t, 8, 1000, func(g, i int) error {
		want := fmt.Sprintf("%d/%d", g, i)
		got, err := qmp.Call[map[string]string](t.Context(), c, "echo", qmp.Args{"who": want})
		if err == nil && got["who"] != want {
			err = fmt.Errorf("expected the reply for %s, got %v", want, got)
		}
		return err
	})
}

// callFromManyGoroutines runs call n times in each of g goroutines and reports
// the first error.
func callFromManyGoroutines(t *testing.T, g, n int, call func(g, i int) error) {
	t.Helper()
	var all sync.WaitGroup
	errs := make([]error, g)
	for g := range g {
		all.Go(func() {
			for i := range n {
				if errs[g] = call(g, i); errs[g] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	require.NoError(t, errors.Join(errs...))
}

func TestErrorReply(t *testing.T) {
	t.Parallel()
	c, p := connect(t, qmp.Options{})
	a := start(t.Context(), c, "device_del", qmp.Args{"id": "x"})
	p.send(`{"id": %s, "error": {"class": "DeviceNotFound", "desc": "Device 'x' not found"}}`, p.read().ID)
	err := (<-a).err
	var refused *qmp.Error
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, qmp.Error{Command: "device_del", Class: qmp.ClassDeviceNotFound, Desc: "Device 'x' not found"}, *refused)
	assert.EqualError(t, err, "QEMU refused device_del: Device 'x' not found (DeviceNotFound)")
}

// An error to a command that QEMU couldn't read has no id.
func TestErrorReplyWithoutID(t *testing.T) {
	t.Parallel()
	c, p := connect(t, qmp.Options{})
	oob := make(chan answer, 1)
	go func() {
		value, err := c.ExecuteOOB(t.Context(), "yank", nil)
		oob <- answer{value, err}
	}()
	outOfBand := p.read()
	first := start(t.Context(), c, "first", nil)
	p.read()
	second := start(t.Context(), c, "second", nil)
	r := p.read()

	p.send(`{"error": {"class": "GenericError", "desc": "JSON token size limit exceeded"}}`)
	assert.EqualError(t, (<-first).err, "QEMU refused first: JSON token size limit exceeded")
	p.reply(r, `2`)
	assert.Equal(t, answer{json.RawMessage(`2`), nil}, <-second)
	p.reply(outOfBand, `3`)
	assert.Equal(t, answer{json.RawMessage(`3`), nil}, <-oob)
}

func TestLateReply(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c, p := connect(t, qmp.Options{Log: &log})
		a := start(within(t, 2*time.Second), c, "slow", nil)
		slow := p.read()
		err := (<-a).err
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.EqualError(t, err, "QEMU gave no reply to slow within 2s: context deadline exceeded")
		assert.Contains(t, c.Recent(0), "no reply to slow since 2s")

		a = start(within(t, 2*time.Second), c, "next", nil)
		next := p.read()
		p.reply(slow, `"slow"`)
		p.reply(next, `"next"`)
		assert.Equal(t, answer{json.RawMessage(`"next"`), nil}, <-a)
		assert.Empty(t, c.Pending())
		c.Close()
		assert.Contains(t, log.String(), `<- [slow 2s, late] {"return": "slow", "id": 1}`)
	})
}

func TestEndedContext(t *testing.T) {
	t.Parallel()
	c, p := connect(t, qmp.Options{})
	cause := errors.New("the test is over")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	_, err := c.Execute(ctx, "never", nil)
	require.ErrorIs(t, err, cause)
	require.ErrorIs(t, err, context.Canceled)
	var callErr *qmp.CallError
	require.ErrorAs(t, err, &callErr)
	assert.False(t, callErr.Sent)

	a := start(t.Context(), c, "sent", nil)
	r := p.read()
	assert.Equal(t, "sent", r.Execute, "the call with the ended context must not reach QEMU")
	p.reply(r, `{}`)
	require.NoError(t, (<-a).err)
}

// QEMU gets at most eight in-band commands at once; out-of-band ones go at
// any time.
func TestWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := connect(t, qmp.Options{})
		var requests []request
		for range 8 {
			start(t.Context(), c, "busy", nil)
			requests = append(requests, p.read())
		}
		ninth := start(t.Context(), c, "ninth", nil)
		synctest.Wait()
		tenth := start(within(t, time.Second), c, "tenth", nil)
		err := (<-tenth).err
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.EqualError(t, err, "tenth was not sent to QEMU within 1s: context deadline exceeded"+
			" (8 sent before it unanswered too, the oldest busy since 1s)")

		go c.ExecuteOOB(t.Context(), "yank", nil)
		assert.Equal(t, "yank", p.read().ExecOOB, "out of band goes first")

		p.reply(requests[3], `{}`)
		r := p.read()
		assert.Equal(t, "ninth", r.Execute)
		p.reply(r, `9`)
		assert.Equal(t, answer{json.RawMessage(`9`), nil}, <-ninth)

		p.reply(requests[0], `{}`)
		go c.Execute(t.Context(), "eleventh", nil)
		assert.Equal(t, "eleventh", p.read().Execute, "the call that was given up must never be sent")
	})
}

// A peer that stops reading in the middle of a command must still get the rest
// of it before the next one, although the caller has gone.
func TestHalfWrittenCommand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := connect(t, qmp.Options{})
		long := qmp.Args{"text": strings.Repeat("x", 1000)}
		a := start(within(t, time.Second), c, "long", long)
		head := make([]byte, 100)
		_, err := io.ReadFull(p.conn, head)
		require.NoError(t, err)
		var callErr *qmp.CallError
		require.ErrorAs(t, (<-a).err, &callErr)
		assert.True(t, callErr.Sent)
		_, err = c.Execute(within(t, time.Second), "behind", nil)
		require.ErrorAs(t, err, &callErr)
		assert.False(t, callErr.Sent)

		a = start(t.Context(), c, "next", nil)
		p.in = json.NewDecoder(io.MultiReader(bytes.NewReader(head), p.conn))
		r := p.read()
		assert.Equal(t, "long", r.Execute)
		p.reply(r, `"long"`)
		r = p.read()
		assert.Equal(t, "next", r.Execute)
		p.reply(r, `"next"`)
		assert.Equal(t, answer{json.RawMessage(`"next"`), nil}, <-a)
	})
}

func TestArguments(t *testing.T) {
	t.Parallel()
	c, p := connect(t, qmp.Options{})
	go p.echo()
	type typed struct {
		NodeName string `json:"node-name"`
	}
	for _, test := range []struct {
		args any
		want string // reply, or error
	}{
		{nil, `{}`},
		{qmp.Args(nil), `{}`},
		{(*typed)(nil), `{}`},
		{qmp.Args{}, `{}`},
		{typed{"disk0"}, `{"node-name":"disk0"}`},
		{json.RawMessage(`{"addr": 18446744073709551615}`), `{"addr":18446744073709551615}`},
		{uint64(1), "the arguments of echo have to make a JSON object, not 1"},
		{[]string{"a"}, `the arguments of echo have to make a JSON object, not ["a"]`},
		{qmp.Args{"nan": math.NaN()}, "expected arguments of echo that can be encoded: json: unsupported value: NaN"},
	} {
		value, err := c.Execute(t.Context(), "echo", test.args)
		if err != nil {
			assert.EqualError(t, err, test.want)
		} else {
			assert.Equal(t, test.want, string(value))
		}
	}
}

func TestCallDecodes(t *testing.T) {
	t.Parallel()
	c, p := connect(t, qmp.Options{})
	go p.echo()
	size, err := qmp.Call[struct{ Size uint64 }](t.Context(), c, "echo", qmp.Args{"size": uint64(math.MaxUint64)})
	require.NoError(t, err)
	assert.Equal(t, uint64(math.MaxUint64), size.Size)

	dynamic, err := qmp.Call[any](t.Context(), c, "echo", qmp.Args{"size": int64(1<<53 + 1)})
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"size": json.Number("9007199254740993")}, dynamic, "no digit lost")

	_, err = qmp.Call[[]string](t.Context(), c, "echo", qmp.Args{"a": 1})
	assert.ErrorContains(t, err, "expected a []string from echo: ")
	assert.ErrorContains(t, err, `{"a":1}`)
}

func TestHMP(t *testing.T) {
	t.Parallel()
	c, p := connect(t, qmp.Options{})
	for _, test := range []struct {
		printed, text string
		complaint     bool
	}{
		{`VM status: running\r\n`, "VM status: running\n", false},
		{``, "", false},
		{`a name may be Error: \r\n`, "a name may be Error: \n", false},
		{`Error: Device 'x' not found\r\n`, "Error: Device 'x' not found\n", true},
		{`unknown command: 'info foo'\r\n`, "unknown command: 'info foo'\n", true},
		{`cont|c: extraneous characters\r\nTry \"help cont\" for more information\r\n`,
			"cont|c: extraneous characters\nTry \"help cont\" for more information\n", true},
	} {
		go func() {
			r := p.read()
			assert.JSONEq(t, `{"command-line": "line"}`, string(r.Arguments))
			p.reply(r, `"`+test.printed+`"`)
		}()
		text, err := c.HMP(t.Context(), "line")
		assert.Equal(t, test.text, text)
		if !test.complaint {
			assert.NoError(t, err)
			continue
		}
		var complaint *qmp.HMPError
		require.ErrorAs(t, err, &complaint)
		assert.Equal(t, qmp.HMPError{Line: "line", Output: test.text}, *complaint)
		assert.Contains(t, err.Error(), `the human monitor refused "line": `)
	}
}

func TestFilesNeedUnixSocket(t *testing.T) {
	t.Parallel()
	c, _ := connect(t, qmp.Options{})
	_, err := c.ExecuteWithFiles(t.Context(), "getfd", qmp.Args{"fdname": "x"})
	assert.EqualError(t, err, "expected to pass 0 files to getfd: files can only be passed over a unix socket")
}
