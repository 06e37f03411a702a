package console

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const kernelLine = "[   12.345678] usb 1-1: new device\r\n"

func TestAKernelLineInTheMiddleOfAPrompt(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		said      string
		want      Pattern
		text, raw string
	}{
		{"buildroot log" + kernelLine + "in: ", Text("login: "), "login: ", "log" + kernelLine + "in: "},
		{"my log" + kernelLine + "in: ", Regexp(`(\w+) login: `), "my login: ", "my log" + kernelLine + "in: "},
		{"temp: 18" + kernelLine + "000\r\n", Regexp(`temp: \d+`), "temp: 18000", "temp: 18" + kernelLine + "000"},
		{"a" + kernelLine + "b" + kernelLine + kernelLine + "c\r\n", Regexp(`a.*`), "abc", "a" + kernelLine + "b" + kernelLine + kernelLine + "c"},
		{"log" + kernelLine + "in:", Text("new device"), "new device", "new device"},
		{"log" + kernelLine + "in:", Regexp(`^.*usb 1`), "log[   12.345678] usb 1", "log[   12.345678] usb 1"},
	} {
		c, g := start(t, Options{})
		go g.say("before\r\n", tc.said)
		m, err := c.Wait(t.Context(), waitFor(tc.want))
		require.NoError(t, err)
		assert.Equal(t, tc.text, m.Text)
		raw := make([]byte, m.End-m.Start)
		_, err = c.ReadAt(raw, m.Start)
		require.NoError(t, err)
		assert.Equal(t, tc.raw, string(raw))
	}
}

func TestAKernelLineInTheMiddleOfAReport(t *testing.T) {
	t.Parallel()
	c, g := start(t, watched())
	g.say("Kernel pan", kernelLine, "ic: no init\r\n")
	<-c.Failed()
	g.end(c)
	report := c.Failure().(*WaitError).Report
	assert.Equal(t, "Kernel panic: no init", report.Line)
	assert.Equal(t, "Kernel pan"+kernelLine+"ic: no init\r\n", report.Text)
}

// A wait finds what the kernel interrupts, wherever it does, and however the
// text arrives.
func FuzzInterruptedMatch(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, "login: ")
	}
	f.Add(uint64(3), "# ls\r\n/init")
	f.Fuzz(func(t *testing.T, seed uint64, text string) {
		if text == "" || len(text) > 100 || strings.ContainsAny(text, "[<") {
			t.Skip("part of a kernel line may be part of the match then")
		}
		if !utf8.ValidString(text) {
			t.Skip("a match that ends within a character waits for the rest of it")
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		var said []string
		for _, b := range []byte("noise\r\n" + text) {
			for rng.IntN(4) == 0 {
				said = append(said, fmt.Sprintf("[%5d.%06d] usb: %d\r\n", rng.IntN(100000), rng.IntN(1000000), rng.IntN(9)))
			}
			said = append(said, string([]byte{b}))
		}
		c, g := start(t, Options{})
		go g.say(said...)
		m, err := c.Wait(t.Context(), waitFor(Text(text)))
		require.NoError(t, err, "%q", said)
		assert.Equal(t, text, m.Text)
	})
}
