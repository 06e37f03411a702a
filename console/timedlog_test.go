package console

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTimedLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "timed.log")
		c, g := start(t, Options{TimedLogPath: path})
		read := func() string {
			synctest.Wait()
			got, err := os.ReadFile(path)
			require.NoError(t, err)
			return string(got)
		}
		opened := time.Now()
		g.say("\x1b[1mU-Boot", "\x1b[m 2024", "\r", "\n", "\r\r\n")
		time.Sleep(1500 * time.Millisecond)
		g.say("10%\r", "20%\r\nnull\x00 del\x7f tab\t é\xff\n")
		time.Sleep(time.Second)
		g.say("login: ")
		day := func(d time.Duration) string { return opened.Add(d).Format("15:04:05.000000") }
		want := strings.Join([]string{
			day(0) + " [    0.000000] U-Boot 2024",
			day(0) + " [    0.000000] ",
			day(1500*time.Millisecond) + ` [    1.500000] 10%\r20%`,
			day(1500*time.Millisecond) + " [    1.500000] null\\x00 del\\x7f tab\t é\xff",
			day(2500*time.Millisecond) + " [    2.500000] login: ",
		}, "\n")
		assert.Equal(t, want, read(), "also what has no end yet is in the file")
		g.say("root")
		g.end(c)
		assert.Equal(t, want+"root\n", read())
	})
}

func TestATimedLogThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("this host has no /dev/full to stand for a disk without space")
	}
	near, g := pipe(t)
	c, err := New(near, Options{TimedLogPath: "/dev/full"})
	require.NoError(t, err)
	go g.say("one", "two")
	_, err = c.Wait(t.Context(), waitFor(Text("two")))
	require.NoError(t, err, "it is only the timed log")
	require.ErrorContains(t, c.Close(), "no space left on device")
}
