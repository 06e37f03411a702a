package console

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stripped strips text that comes in pieces of n bytes.
func stripped(text string, n int) string {
	var s stripper
	var out []byte
	for len(text) > 0 {
		n := min(n, len(text))
		out = append(out, s.strip([]byte(text[:n]))...)
		text = text[n:]
	}
	return string(out)
}

func TestEscapeSequencesAreStripped(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, text, want string }{
		{"nothing to do", "login:\r\n", "login:\r\n"},
		{"colours", "\x1b[1;31mred\x1b[0m", "red"},
		{"true colour", "\x1b[38:2::1:2:3mx", "x"},
		{"private modes", "\x1b[?2004hx\x1b[?25l", "x"},
		{"title", "\x1b]0;host\x07$ ", "$ "},
		{"title with its long end", "\x1b]0;host\x1b\\$ ", "$ "},
		{"link", "\x1b]8;;http://a\x1b\\text\x1b]8;;\x1b\\", "text"},
		{"device control string", "\x1bP1$r0m\x1b\\x", "x"},
		{"character set", "\x1b(Bx\x1b)0", "x"},
		{"two-byte sequences", "\x1b7x\x1b8\x1bc\x1b=\x1b>", "x"},
		{"application program command", "\x1b_secret\x1b\\x", "x"},
		{"control characters inside", "\x1b[1\r2mx", "\rx"},
		{"cancelled", "\x1b[12\x18x", "\x18x"},
		{"newline ends it", "\x1b[12\nx", "\nx"},
		{"newline ends a string", "\x1b]0;never ended\nx", "\nx"},
		{"a string without end", "\x1b]" + strings.Repeat("s", maxSequence) + "x", "ssx"},
		{"bytes that are not ASCII", "\x9b\x90é\x1b[\xffx\x1b[mé", "\x9b\x90é\xffxé"},
		{"title that is not ASCII", "\x1b]0;é\x07x", "x"},
		{"cut off", "x\x1b[1", "x"},
	} {
		for _, n := range []int{1, 2, 3, 1 << 20} {
			assert.Equal(t, tc.want, stripped(tc.text, n), "%s, %d bytes at a time", tc.name, n)
		}
	}
}

// FuzzStrip compares with the library's function for complete strings, where
// the two agree on what they mean to do: in text without newlines, 8-bit
// control codes, DEL and the cases that need a bound.
func FuzzStrip(f *testing.F) {
	f.Add("\x1b[1;31mred\x1b[0m é", 1)
	f.Add("a\x1b]8;;x\x1b\\b\x1bP\x1b\\", 2)
	f.Fuzz(func(t *testing.T, text string, n int) {
		n = max(1, n%8)
		got := stripped(text, n)
		require.Equal(t, stripped(text, 1<<20), got)
		plain := func(r rune) bool { return r < 0x80 && r != '\n' && r != 0x7f && r != 0x18 && r != 0x1a }
		if len(text) < maxSequence && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 && utf8.ValidString(text) {
			if strings.Contains(text, "\x1bP") {
				return // the library lets an escape sequence stand in a control string
			}
			require.Equal(t, ansi.Strip(text), got)
		}
	})
}
