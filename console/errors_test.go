package console

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/console/internal/scan"
)

func TestAnErrorExplainsItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := t.TempDir() + "/console.log"
		c, g := start(t, Options{Name: "vm0 console", LogPath: path})
		for i := range 25 {
			g.say(fmt.Sprintf("[%5d.0] driver %d\r\n", i, i))
		}
		g.say("\x1b[1mbuildroot LOGIN\x1b[m \x00\r\n")
		time.Sleep(49 * time.Second)
		g.say("# ")
		synctest.Wait()
		_, err := c.Wait(t.Context(), Wait{Success: []Pattern{Text("login: "), Regexp("Welcome .*")}, Timeout: 41 * time.Second})
		var waitErr *WaitError
		require.ErrorAs(t, err, &waitErr)
		assert.Equal(t, 41*time.Second, waitErr.Elapsed)
		assert.Equal(t, 41*time.Second, waitErr.Idle)
		require.Len(t, waitErr.Tail, 20)

		lines := strings.Split(err.Error(), "\n")
		assert.Equal(t, []string{
			"vm0 console: timed out waiting for one of \"login: \", `Welcome .*` after 41 s, idle for 41 s",
			"  nearest line seen: buildroot LOGIN \\x00",
			"  the whole output is in " + path,
			"  last lines, with the seconds since the console was opened:",
			"    [    0.000000] [    7.0] driver 7",
		}, lines[:5])
		assert.Equal(t, []string{
			"    [    0.000000] buildroot LOGIN \\x00",
			"    [   49.000000] # ",
		}, lines[len(lines)-2:])
	})
}

func TestAnErrorOfASilentConsole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := start(t, Options{})
		_, err := c.Wait(t.Context(), Wait{Success: []Pattern{Text("login: ")}, Timeout: 90 * time.Second})
		require.EqualError(t, err, "console: timed out waiting for \"login: \" after 90 s, idle for 90 s\n  the guest has printed nothing")
	})
}

func TestNearestLine(t *testing.T) {
	t.Parallel()
	c, g := start(t, Options{})
	go g.say("before login:\r\n", strings.Repeat("x", 2*maxLine), "Login:\r\nlogon\r\nkernel\r\n", "end")
	_, err := c.Wait(t.Context(), waitFor(Text("before login:")))
	require.NoError(t, err)
	from := c.Cursor()
	_, err = c.Wait(t.Context(), waitFor(Text("end")))
	require.NoError(t, err)
	nearest := func(p Pattern) string {
		e, err := p.compile()
		require.NoError(t, err)
		return c.nearest(from, []*scan.Expr{e})
	}
	assert.True(t, strings.HasSuffix(nearest(Text("login: ")), "Login:"), "case and space around it do not matter")
	assert.Equal(t, "logon", nearest(Text("logons")))
	assert.Equal(t, "kernel", nearest(Regexp(`kernel \d+`)))
	assert.Empty(t, nearest(Text("something else")))
	assert.Empty(t, nearest(Regexp(`\d+`)))
}

func TestSeconds(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0:                       "0 ms",
		850 * time.Millisecond:  "850 ms",
		1250 * time.Millisecond: "1.25 s",
		9 * time.Second:         "9 s",
		90 * time.Second:        "90 s",
		time.Hour:               "3600 s",
	} {
		assert.Equal(t, want, seconds(d))
	}
}
