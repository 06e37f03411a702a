package console

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// long is a command that terminals break.
const long = "cat /sys/bus/i2c/devices/8-004d/hwmon/hwmon*/temp1_input /proc/cmdline"

func TestExecMatchesAfterTheEcho(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		command string
		says    []string // after it has read the command
		want    Pattern
		match   string // Before + "|" + Text
	}{
		{"plain", "echo 0", []string{"echo 0\r\n0\r\n"}, Text("0"), "\r\n|0"},
		{"what the pattern asks for is in the command", long, []string{long + "\r\n48\r\n"}, Regexp(`\d+`), "\r\n|48"},
		{"byte by byte", "echo 0", strings.Split("echo 0\r\n0\r\n", ""), Text("0"), "\r\n|0"},
		{"answer on the same line", "2 3 + .", []string{"2 3 + . 5  ok\r\n"}, Text("ok"), " 5  |ok"},
		{"noise before", "echo 0", []string{"[    1.0] usb 0 found\r\n# ", "echo 0\r\n0\r\n"}, Text("0"), "\r\n|0"},
		{"late", "echo 0", []string{"0", "\x00", "\x00", "\x00", "# echo 0\r\n0\r\n"}, Text("0"), "\r\n|0"},
		{"wrapped with newlines", long, []string{long[:40] + "\r\n" + long[40:60] + "\r\n" + long[60:] + "\r\n48\r\n"}, Regexp(`\d+`), "\r\n|48"},
		{"wrapped as readline does", long, []string{long[:40] + " \r" + long[40:] + "\r\n48\r\n"}, Regexp(`\d+`), "\r\n|48"},
		{"with escape sequences", "echo 0", []string{"\x1b[?2004l\x1b[1me\x1b[mcho \x1b[32m0\x1b[K\r\n\x1b[2K0\r\n"}, Regexp(`^\x1b\[2K0`), "\x1b[K\r\n|\x1b[2K0"},
		{"prompt drawn again in the middle", "echo 0", []string{"ech", "\r\x1b[K# echo 0\r\n0\r\n"}, Text("0"), "\r\n|0"},
		{"prompt drawn again after it", "echo 0", []string{"echo 0\r# echo 0\r\n0\r\n"}, Text("0\r"), "\r# echo 0\r\n|0\r"},
		{"echoed twice", "echo 0", []string{"echo 0\r\n# ", "echo 0\r\n0\r\n"}, Text("0"), "\r\n# echo 0\r\n|0"},
		{"echoed twice, byte by byte", "echo 0", strings.Split("echo 0\r\n# echo 0\r\n0\r\n", ""), Text("0"), "\r\n# echo 0\r\n|0"},
		{"an answer that starts like the command", "version 1 all", []string{"version 1 all\r\nversion 1\r\n"}, Text("version 1"), "\r\n|version 1"},
		{"an answer that holds the command", "version", []string{"version\r\nversion 1.2\r\n"}, Text("version"), "\r\n|version"},
		{"several lines", "cat <<EOF\necho\nEOF", []string{"cat <<EOF\r\n> echo\r\n> EOF\r\necho\r\n# "}, Text("echo"), "\r\n|echo"},
		{"no visible character", "", []string{"\r\n# "}, Text("# "), "\r\n|# "},
		{"prompt", "ls", []string{"ls\r\na b\r\n# "}, Text("# "), "\r\na b\r\n|# "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, g := start(t, Options{})
				g.say("login 0\r\n", "echo 0\r\n0\r\n# ") // what is there already
				synctest.Wait()
				go func() {
					assert.Equal(t, tc.command+"\r", g.hear("\r"))
					for _, text := range tc.says {
						g.say(text)
						time.Sleep(10 * time.Millisecond)
					}
				}()
				m, err := c.Exec(t.Context(), tc.command, waitFor(tc.want))
				require.NoError(t, err)
				assert.Equal(t, tc.match, m.Before+"|"+m.Text)
				assert.Equal(t, m.End, c.Cursor())
				synctest.Wait()
				time.Sleep(time.Second)
			})
		})
	}
}

func TestExecWithoutAnEcho(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, g := start(t, Options{NoEcho: true})
		g.say("0\r\n# ")
		synctest.Wait()
		go func() {
			g.hear("\r")
			g.say("0\r\n")
		}()
		m, err := c.Exec(t.Context(), "echo 0", waitFor(Text("0")))
		require.NoError(t, err)
		assert.Equal(t, int64(5), m.Start)
	})
	synctest.Test(t, func(t *testing.T) {
		c, g := start(t, Options{})
		go func() {
			g.hear("\r")
			g.say("# ech 0\r\n0\r\n")
		}()
		_, err := c.Exec(t.Context(), "echo 0", Wait{Success: []Pattern{Text("0")}, Timeout: time.Minute})
		require.ErrorIs(t, err, ErrTimeout)
		assert.Contains(t, err.Error(), `the guest has not echoed the command "echo 0" (at most 3 of the 5 visible characters of line 1): set Options.Pace`)
	})
}

func TestExecAndFailures(t *testing.T) {
	t.Parallel()
	wait := Wait{Success: []Pattern{Text("done")}, Failure: []Pattern{Text("fail")}, Timeout: time.Minute}
	for _, tc := range []struct {
		name, command string
		says          []string
		want          error
	}{
		{"part of the command", "run || echo fail; true", []string{"run || echo ", "fail; true\r\ndone\r\n"}, nil},
		{"before the echo", "run || echo fail", []string{"it will fail\r\n"}, ErrFailure},
		{"after the echo", "run || echo fail", []string{"run || echo fail\r\nfail\r\n"}, ErrFailure},
		{"watched", "run", []string{"Kernel panic\r\n"}, ErrFailure},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, g := start(t, watched())
				go func() {
					g.hear("\r")
					g.say(tc.says...)
				}()
				began := time.Now()
				_, err := c.Exec(t.Context(), tc.command, wait)
				require.ErrorIs(t, err, tc.want)
				assert.Less(t, time.Since(began), time.Second)
			})
		})
	}
}

func TestExecToAGuestThatDoesNotRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, g := start(t, watched())
		g.say("last words\r\n")
		began := time.Now()
		_, err := c.Exec(t.Context(), "ls", Wait{Success: []Pattern{Text("x")}, Timeout: time.Hour})
		require.ErrorIs(t, err, ErrTimeout)
		assert.Equal(t, 30*time.Second, time.Since(began))
		assert.Contains(t, err.Error(), `cannot send "ls\r", 0 of 3 bytes were taken: the guest has not read its input for 30 s`)
		assert.Contains(t, err.Error(), "last words")

		_, err = c.Exec(t.Context(), "ls", Wait{Success: []Pattern{Text("x")}, Timeout: time.Second})
		require.ErrorIs(t, err, ErrTimeout)
		assert.Equal(t, 31*time.Second, time.Since(began))

		go func() {
			time.Sleep(time.Second)
			g.say("Kernel panic\r\n")
		}()
		_, err = c.Exec(t.Context(), "ls", Wait{Success: []Pattern{Text("x")}, Timeout: time.Hour})
		require.ErrorIs(t, err, ErrFailure)
		assert.Equal(t, 32*time.Second+settleTime, time.Since(began), "the failure ends the sending, too")
	})
}

func TestExecSendsTheWholeLineEvenIfTheAnswerIsThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, g := start(t, Options{NoEcho: true, Pace: time.Second})
		typed := make(chan string)
		go func() {
			first := g.hear("a") // before that, the text would not be an answer
			g.say("early")
			typed <- first + g.hear("\r")
		}()
		_, err := c.Exec(t.Context(), "abc", waitFor(Text("early")))
		require.NoError(t, err)
		assert.Equal(t, "abc\r", <-typed)
	})
}

// The echo is found where it is, however the stream is cut and whatever the
// noise, and a copy of it is told from other text.
func FuzzEcho(f *testing.F) {
	f.Add("echo 0", []byte("# echo 0\r\n0\r\n"), 3)
	f.Add("aab", []byte("aaab\r"), 1)
	f.Add("x\ny", []byte("\x1b[mx\x1b]y\x07y"), 2)
	f.Fuzz(func(t *testing.T, command string, text []byte, cut int) {
		e, once := newEcho(command, 0), newEcho(command, 0)
		if e == nil {
			t.Skip("nothing of the command is visible")
		}
		want, wantSeen := once.scan(text, 0)
		cut = max(1, cut%16)
		n, seen := 0, false
		for pos := 0; pos < len(text) && !seen; pos += cut {
			n, seen = e.scan(text[pos:min(len(text), pos+cut)], int64(pos))
			n += pos
		}
		require.Equal(t, wantSeen, seen)
		if !seen {
			return
		}
		require.Equal(t, want, n)
		last := e.lines[len(e.lines)-1]
		chars, offsets := visible(text[:n])
		require.True(t, strings.HasSuffix(string(chars), string(last)))
		start := offsets[len(chars)-len(last)]
		require.NotEqual(t, noEcho, compare(last, append(text[:n:n], '\r'), start, n))
	})
}
