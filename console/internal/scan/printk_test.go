package scan

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestKernelLine(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text    string
		start   int
		certain bool
	}{
		{"login: [   12.345678] usb", 7, true},
		{"<6>[   12.345678] usb", 0, true},
		{"a[[    0.000000][    T1] b", 2, true},
		{"<<30>[12345.000001][  C12] b", 1, true},
		{"[   1.0000000] NetBSD", 0, true},
		{"login: [   12.34", 7, false},
		{"login: [", 7, false},
		{"login: <6", 7, false},
		{"login:", 6, true},
		{"[mem 0x0] [1.5] [ 1.000000]x [1.000000][X1] <6> <> <1234>[", 57, false},
		{"[ " + strings.Repeat(" ", 80) + "1.000000] a", 93, true},
	} {
		start, certain := KernelLine([]byte(tc.text))
		assert.Equal(t, tc.start, start, "%q", tc.text)
		assert.Equal(t, tc.certain, certain, "%q", tc.text)
	}
}

func TestAKernelLineInTheMiddleOfAMatch(t *testing.T) {
	t.Parallel()
	const line = "[   12.345678] usb 1-1: new device\r\n"
	for _, tc := range []struct {
		name, text string
		expr       *Expr
		place      int // -1: none
	}{
		{"text", "buildroot log" + line + "in: ", mustText(t, "login:"), 13 + len(line) + 3},
		{"several lines", "log" + line + line + line + "in:", mustText(t, "login:"), 6 + 3*len(line)},
		{"several times", "l" + line + "og" + line + "in:", mustText(t, "login:"), 6 + 2*len(line)},
		{"with level and caller", "log<6>[    1.000000][    T1] a [b]\nin:", mustText(t, "login:"), 38},
		{"between two lines", "one\r\n" + line + "two\r\n", mustText(t, "one\r\ntwo"), 8 + len(line)},
		{"in a character", "пр\xd0" + line + "\xb8вет", mustText(t, "привет"), 12 + len(line)},
		{"regexp", "temp: " + line + "18", mustRegexp(t, `temp: \d`), 7 + len(line)},
		{"end of a line", "ok" + line + "\r\n", mustRegexp(t, `ok$`), 4 + len(line)},
		{"start of a line", "x\nlog" + line + "in", mustRegexp(t, `^login`), 7 + len(line)},
		{"over lines on request", "a" + line + "b\nc", mustRegexp(t, `(?s)a.b.c`), -1},
		{"a kernel line itself", "log" + line + "in:", mustText(t, "new device"), 3 + len(line) - 2},
		{"a kernel line with its time", "log" + line + "in:", mustRegexp(t, `\[ *12\.\d+\] usb`), 3 + 18},
		{"into a kernel line", "log" + line + "in:", mustText(t, "log[   12.3"), 11},
		{"a kernel line in another", "[    1.000000] Kernel pan" + line + "ic - not", mustText(t, "Kernel panic"), 27 + len(line)},
		{"a kernel line in another in a match", "log[    1.000000] pan" + line + "ic", mustText(t, "panic"), 23 + len(line)},
		{"something like a kernel line", "log[   12.345] usb\nin:", mustText(t, "login:"), -1},
		{"a line that does not end", "log[   12.345678] usb in:", mustText(t, "login:"), -1},
		{"after brackets", "lo[g[[   12.345678] usb\nin:", mustText(t, "lo[g[in:"), 27},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for n, cut := range map[string]func() int{"whole": whole, "bytewise": bytewise} {
				place, _ := firstPlace(NewSet([]*Expr{tc.expr}, -1), []byte(tc.text), cut)
				assert.Equal(t, tc.place, place, n)
			}
		})
	}
}

func TestGaps(t *testing.T) {
	t.Parallel()
	const line = "[   12.345678] usb 1-1: new device\r\n"
	set := NewSet([]*Expr{mustText(t, "login:"), mustText(t, "in:")}, -1)
	text := "l" + line + line + "og" + line + "in: login:"
	n, complete := set.Scan([]byte(text))
	assert.Len(t, complete, 2)
	l := int64(len(line))
	assert.Equal(t, []Gap{{1, 1 + 2*l}, {3 + 2*l, 3 + 3*l}}, set.Gaps(0))
	assert.Empty(t, set.Gaps(1), "it was not interrupted")
	_, complete = set.Scan([]byte(text[n:]))
	assert.Len(t, complete, 2)
	assert.Empty(t, set.Gaps(0))
}

// kernelLine returns a line of the kernel.
func kernelLine(rng *rand.Rand) string {
	level, caller := "", ""
	if rng.IntN(3) == 0 {
		level = fmt.Sprintf("<%d>", rng.IntN(8))
	}
	if rng.IntN(3) == 0 {
		caller = fmt.Sprintf("[%6s]", fmt.Sprintf("%c%d", "TC"[rng.IntN(2)], rng.IntN(1000)))
	}
	return fmt.Sprintf("%s[%5d.%06d]%s usb %d-%d: a b [c] <d>%s", level, rng.IntN(1000), rng.IntN(1000000), caller,
		rng.IntN(9), rng.IntN(9), []string{"\n", "\r\n"}[rng.IntN(2)])
}

// interrupted returns text with lines of the kernel in it, and the offset in
// it of each byte of text.
func interrupted(rng *rand.Rand, text []byte) (out []byte, offsets []int) {
	for _, b := range text {
		for rng.IntN(4) == 0 {
			out = append(out, kernelLine(rng)...)
		}
		offsets = append(offsets, len(out))
		out = append(out, b)
	}
	return out, offsets
}

// Whatever the kernel prints wherever, a match is found where its last byte
// is, and what is left of the stream without the gaps is the match.
func TestInterruptedTextIsFound(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 0))
		var exprs []*Expr
		texts := []string{"login: ", "/ # ", "Kernel panic - not", "one\r\ntwo", "привет", "aabaac"}
		for range 1 + rng.IntN(3) {
			exprs = append(exprs, mustText(t, texts[rng.IntN(len(texts))]))
		}
		want := rng.IntN(len(exprs))
		text := exprs[want].text
		noise := make([]byte, rng.IntN(40))
		for i := range noise {
			noise[i] = "aab \n.[<5"[rng.IntN(9)]
		}
		out, offsets := interrupted(rng, append(noise, text...))
		set := NewSet(exprs, -1)
		if rng.IntN(2) == 0 {
			set.run.limit = 200
		}
		end, seen := offsets[len(offsets)-1]+1, false
		for pos := 0; pos < end && !seen; {
			n, complete := set.Scan(out[pos:min(end, pos+1+rng.IntN(8))])
			pos += n
			for _, id := range complete {
				var rest []byte
				from := max(0, pos-len(exprs[id].text))
				if gaps := set.Gaps(id); gaps != nil {
					from = max(0, int(gaps[0].Start)-len(exprs[id].text))
					for _, g := range gaps {
						rest = append(rest, out[from:g.Start]...)
						from = int(g.End)
					}
				}
				rest = append(rest, out[from:pos]...)
				assert.True(t, bytes.HasSuffix(rest, []byte(exprs[id].text)), "%q in %q", rest, out)
				seen = seen || exprs[id].text == text && pos == end
			}
		}
		if !assert.True(t, seen, "seed %d: %q in %q", seed, text, out) {
			return
		}
	}
}
