package console

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A guest is the other end of a console.
type guest struct {
	t    testing.TB
	conn net.Conn
}

// pipe returns a connection for a console and the guest at its other end.
func pipe(t testing.TB) (net.Conn, *guest) {
	near, far := net.Pipe()
	t.Cleanup(func() { far.Close() })
	return near, &guest{t, far}
}

// start returns a console and its guest.
func start(t testing.TB, opts Options) (*Console, *guest) {
	near, g := pipe(t)
	c, err := New(near, opts)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	return c, g
}

// say prints each of texts in a write of its own, as long as the console is
// there.
func (g *guest) say(texts ...string) {
	for _, text := range texts {
		if _, err := io.WriteString(g.conn, text); err != nil {
			assert.ErrorIs(g.t, err, io.ErrClosedPipe)
			return
		}
	}
}

// hear reads until what was typed ends with want, and returns it.
func (g *guest) hear(want string) string {
	var typed []byte
	for b := make([]byte, 1); !strings.HasSuffix(string(typed), want); {
		_, err := io.ReadFull(g.conn, b)
		require.NoError(g.t, err)
		typed = append(typed, b...)
	}
	return string(typed)
}

// end closes the guest's end and waits until the console has noticed.
func (g *guest) end(c *Console) {
	require.NoError(g.t, g.conn.Close())
	<-c.Done()
}

// soon is a time limit that no test should reach.
const soon = 20 * time.Second

func waitFor(patterns ...Pattern) Wait { return Wait{Success: patterns, Timeout: soon} }

func TestEverythingIsRecordedWhetherOrNotAnyoneWaits(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "console.log")
	c, g := start(t, Options{LogPath: path})
	var want bytes.Buffer
	for range 3000 {
		line := strings.Repeat("\x00\xff\x1b[1mx", 200) + "\r\n"
		want.WriteString(line)
		g.say(line)
	}
	g.end(c)
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(want.Bytes(), got), "the log differs from what was sent")
	assert.Equal(t, int64(want.Len()), c.Size())
}

func TestWaitSearchesFromTheCursorOn(t *testing.T) {
	t.Parallel()
	c, g := start(t, Options{})
	g.say("one two one three\r\n")
	ctx := t.Context()

	m, err := c.Wait(ctx, waitFor(Text("two")))
	require.NoError(t, err)
	assert.Equal(t, Match{Pattern: Text("two"), Text: "two", Start: 4, End: 7, Before: "one "}, m)
	assert.Equal(t, int64(7), c.Cursor())

	m, err = c.Wait(ctx, waitFor(Text("one")))
	require.NoError(t, err)
	assert.Equal(t, int64(8), m.Start, "the first one lies before the cursor")
	assert.Equal(t, " ", m.Before)

	_, err = c.Wait(ctx, Wait{Success: []Pattern{Text("two")}, Timeout: time.Millisecond})
	require.ErrorIs(t, err, ErrTimeout)
	assert.Equal(t, int64(11), c.Cursor(), "a wait that fails leaves the cursor")

	c.SetCursor(0)
	m, err = c.Wait(ctx, waitFor(Text("one")))
	require.NoError(t, err)
	assert.Equal(t, int64(0), m.Start, "matching destroys nothing")

	assert.Equal(t, c.Size(), c.Mark())
	go g.say("new one")
	m, err = c.Wait(ctx, waitFor(Text("one")))
	require.NoError(t, err)
	assert.Equal(t, "new ", m.Before)

	c.SetCursor(-5)
	assert.Zero(t, c.Cursor())
	c.SetCursor(1 << 40)
	assert.Equal(t, c.Size(), c.Cursor())
}

func TestMatchesThatAreSplitOverReads(t *testing.T) {
	t.Parallel()
	c, g := start(t, Options{})
	go g.say(strings.Split("U-Boot 2024.01-rc3 (Jan)\r\nHit any key", "")...)
	m, err := c.Wait(t.Context(), waitFor(Regexp(`U-Boot (\d+\.\d+(-rc\d)?)`)))
	require.NoError(t, err)
	assert.Equal(t, []string{"U-Boot 2024.01-rc3", "2024.01-rc3", "-rc3"}, m.Submatches)
	m, err = c.Wait(t.Context(), waitFor(Text("Hit any key")))
	require.NoError(t, err)
	assert.Equal(t, " (Jan)\r\n", m.Before)
}

func TestTheFirstCompletePatternWins(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		wait       Wait
		want       string // "success 1", "failure 0"
	}{
		{"first of several", "b a", Wait{Success: []Pattern{Text("a"), Text("b")}}, "success 1"},
		{"failure before success", "panic login", Wait{Success: []Pattern{Text("login")}, Failure: []Pattern{Text("oops"), Text("panic")}}, "failure 1"},
		{"success before failure", "login panic", Wait{Success: []Pattern{Text("login")}, Failure: []Pattern{Text("panic")}}, "success 0"},
		{"success and failure at the same byte", "xyz", Wait{Success: []Pattern{Text("z")}, Failure: []Pattern{Text("xyz")}}, "success 0"},
		{"the first listed at the same byte", "xyz", Wait{Success: []Pattern{Text("yz"), Text("z")}}, "success 0"},
		{"text inside a regexp", "abc", Wait{Success: []Pattern{Regexp("a.c"), Text("b")}}, "success 1"},
		{"only a failure", "abc", Wait{Failure: []Pattern{Text("b")}}, "failure 0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, pieces := range [][]string{{tc.text}, strings.Split(tc.text, "")} {
				c, g := start(t, Options{})
				go g.say(pieces...)
				tc.wait.Timeout = soon
				m, err := c.Wait(t.Context(), tc.wait)
				got := "success "
				if err != nil {
					require.ErrorIs(t, err, ErrFailure)
					m, got = *err.(*WaitError).Failure, "failure "
				}
				assert.Equal(t, tc.want, got+string(rune('0'+m.Index)))
			}
		})
	}
}

func TestAWaitFarBehindReadsBackFromTheLog(t *testing.T) {
	t.Parallel()
	for _, strip := range []bool{false, true} {
		c, g := start(t, Options{StripANSI: strip})
		g.say("needle 1\r\n")
		for range 300 {
			g.say(strings.Repeat("hay\x1b[m", 4096))
		}
		g.say("needle 2\r\n")
		g.end(c)
		m, err := c.Wait(t.Context(), waitFor(Regexp(`needle (\d)`)))
		require.NoError(t, err)
		assert.Equal(t, "1", m.Submatches[1])
		m, err = c.Wait(t.Context(), waitFor(Regexp(`needle (\d)`)))
		require.NoError(t, err)
		assert.Equal(t, "2", m.Submatches[1])
		assert.Len(t, m.Before, maxBefore)
		whole := make([]byte, m.End)
		_, err = c.ReadAt(whole, 0)
		require.NoError(t, err)
		assert.Equal(t, "needle 1\r\nhay", string(whole[:13]))
		_, err = c.ReadAt(whole, c.Size())
		assert.Equal(t, io.EOF, err)
	}
}

func TestStripANSIOnRequest(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "console.log")
	const said = "\x1b[1;32mlog\x1b[0min:\x1b]0;title\x07 ok\r\n"
	c, g := start(t, Options{StripANSI: true, LogPath: path})
	go g.say(strings.Split(said, "")...)
	m, err := c.Wait(t.Context(), waitFor(Text("login: ok\r\n")))
	require.NoError(t, err)
	assert.Equal(t, int64(11), m.End)
	g.end(c)
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, said, string(got), "the log has every byte")

	c, g = start(t, Options{})
	g.say(said)
	_, err = c.Wait(t.Context(), Wait{Success: []Pattern{Text("login: ok")}, Timeout: time.Millisecond})
	assert.ErrorIs(t, err, ErrTimeout, "nothing is stripped unasked")
}

func TestAnythingMayBePrinted(t *testing.T) {
	t.Parallel()
	c, g := start(t, Options{TimedLogPath: filepath.Join(t.TempDir(), "timed.log")})
	garbage := strings.Repeat("\xff\x00\xc3\x28\x1b]", 1000)
	for range 200 { // no newline for over a megabyte
		g.say(garbage)
	}
	go g.say("\xe2\x82", "\xac here\x00 it is\xfe")
	m, err := c.Wait(t.Context(), waitFor(Text("€ here\x00 it is\xfe")))
	require.NoError(t, err)
	assert.Equal(t, int64(1_200_000), m.Start)
	tail := c.Tail(5)
	require.Len(t, tail, 1)
	assert.Len(t, tail[0].Text, maxLine+len("…"))
}

func TestTheEndOfTheConsole(t *testing.T) {
	t.Parallel()
	c, g := start(t, Options{Name: "uart0"})
	waiting := make(chan error)
	go func() {
		_, err := c.Wait(t.Context(), waitFor(Text("never")))
		waiting <- err
	}()
	g.say("last words")
	g.end(c)
	err := <-waiting
	require.ErrorIs(t, err, ErrClosed)
	assert.Contains(t, err.Error(), `uart0: closed while waiting for "never", after `)
	assert.Contains(t, err.Error(), "last words")

	_, err = c.Wait(t.Context(), waitFor(Text("never")))
	require.ErrorIs(t, err, ErrClosed)
	m, err := c.Wait(t.Context(), waitFor(Regexp(`words$`)))
	require.NoError(t, err, "the end of the console is the end of a line")
	assert.Equal(t, "words", m.Text)
	require.ErrorIs(t, c.SendLine(t.Context(), "hello?"), ErrClosed)
}

func TestCloseEndsWaitsAndKeepsTheTail(t *testing.T) {
	t.Parallel()
	c, g := start(t, Options{})
	g.say("one\r\ntwo\r\n")
	waiting := make(chan error)
	go func() {
		_, err := c.Wait(t.Context(), waitFor(Text("never")))
		waiting <- err
	}()
	require.NoError(t, c.Close())
	require.ErrorIs(t, <-waiting, ErrClosed)
	require.NoError(t, c.Close(), "closing twice is fine")
	tail := c.Tail(1)
	require.Len(t, tail, 1)
	assert.Equal(t, "two", tail[0].Text)
	c.SetCursor(0)
	_, err := c.Wait(t.Context(), waitFor(Text("one")))
	require.ErrorIs(t, err, ErrClosed)
	assert.Contains(t, err.Error(), "two")
}

func TestWhatCannotBeWaitedFor(t *testing.T) {
	t.Parallel()
	c, _ := start(t, Options{})
	for _, tc := range []struct {
		wait Wait
		want string
	}{
		{Wait{}, "a wait needs a pattern"},
		{waitFor(Text("")), "Wait.Success: an empty text"},
		{waitFor(Regexp("a(")), "Wait.Success: the regular expression `a(` cannot be used"},
		{Wait{Failure: []Pattern{nil}}, "Wait.Failure: pattern 0 is nil"},
	} {
		_, err := c.Wait(t.Context(), tc.wait)
		require.ErrorContains(t, err, tc.want)
		_, err = c.Exec(t.Context(), "never sent", tc.wait)
		require.ErrorContains(t, err, tc.want)
	}
	near, g := pipe(t)
	_, err := New(near, Options{Watch: []Rule{{Start: Regexp("*")}}})
	require.ErrorContains(t, err, "Options.Watch: the regular expression `*`")
	_, err = g.conn.Read(make([]byte, 1))
	assert.Equal(t, io.EOF, err, "New owns the connection also when it fails")

	_, err = New(near, Options{LogPath: t.TempDir()})
	require.ErrorContains(t, err, "console: cannot open the log")
}

func TestALogThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("this host has no /dev/full to stand for a disk without space")
	}
	near, g := pipe(t)
	c, err := New(near, Options{LogPath: "/dev/full"})
	require.NoError(t, err)
	g.say("not", " recorded", " but read")
	_, err = c.Wait(t.Context(), waitFor(Text("not")))
	require.ErrorContains(t, err, "the console's log cannot be written")
	require.ErrorContains(t, err, "no space left on device")
	require.ErrorContains(t, c.Close(), "no space left on device")
}

func TestWaitsOfSeveralGoroutines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, g := start(t, Options{})
		results := make(chan error)
		for _, text := range []string{"a!", "b!", "c!", "d!"} {
			go func() {
				_, err := c.Wait(t.Context(), waitFor(Text(text)))
				results <- err
			}()
		}
		synctest.Wait()
		g.say("a!b!c!d!")
		for range 4 {
			require.NoError(t, <-results)
		}
	})
}

func TestTheContextEndsAWait(t *testing.T) {
	t.Parallel()
	c, g := start(t, Options{})
	go g.say("still booting")
	_, err := c.Wait(t.Context(), waitFor(Text("booting")))
	require.NoError(t, err)
	c.SetCursor(0)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(assert.AnError)
	_, err = c.Wait(ctx, waitFor(Text("login:")))
	require.ErrorIs(t, err, assert.AnError)
	assert.Contains(t, err.Error(), assert.AnError.Error())
	m, err := c.Wait(ctx, waitFor(Text("still")))
	require.NoError(t, err, "what has arrived in time counts")
	assert.Equal(t, "still", m.Text)
}
