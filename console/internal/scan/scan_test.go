package scan

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func mustText(t testing.TB, s string) *Expr {
	e, err := Text(s)
	require.NoError(t, err)
	return e
}

func mustRegexp(t testing.TB, s string) *Expr {
	e, err := Regexp(s)
	require.NoError(t, err)
	return e
}

// firstPlace returns the place of the first match of set in text, which it
// passes in pieces that cut gives, and the expressions complete there.
func firstPlace(set *Set, text []byte, cut func() int) (int, []int32) {
	for pos := 0; pos < len(text); {
		piece := text[pos:min(len(text), pos+cut())]
		n, complete := set.Scan(piece)
		pos += n
		if len(complete) > 0 {
			return pos, complete
		}
	}
	return -1, nil
}

func whole() int    { return 1 << 30 }
func bytewise() int { return 1 }

func TestSetFindsEachKindOfExpression(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		expr  *Expr
		text  string
		place int // -1: none
	}{
		{"text", mustText(t, "login:"), "buildroot login: ", 16},
		{"text at the start", mustText(t, "login:"), "login:", 6},
		{"text over lines", mustText(t, "a\r\nb"), "aa\r\nbb", 5},
		{"text that overlaps itself", mustText(t, "aab"), "aaaab", 5},
		{"text that is not there", mustText(t, "login:"), "login login", -1},
		{"text of bytes that are not UTF-8", mustText(t, "\xff\xfe!"), "\xfe\xff\xff\xfe!", 5},
		{"text with NUL", mustText(t, "a\x00b"), "aa\x00b", 4},
		{"text in another script", mustText(t, "привет"), "прпривет!", 16},
		{"regexp", mustRegexp(t, `U-Boot \d+`), "U-Boot SPL\nU-Boot 2024", 19},
		{"fold case", mustRegexp(t, `(?i)panic`), "Kernel PaNiC", 12},
		{"dot stays in the line", mustRegexp(t, `a.*b`), "a\nb a\rb ab", 10},
		{"over lines on request", mustRegexp(t, `(?s)a.*b`), "a\n\nb", 4},
		{"start of line", mustRegexp(t, `^b`), "ab\nb", 4},
		{"end of line", mustRegexp(t, `a$`), "ab a\n", 5},
		{"end of line with carriage returns", mustRegexp(t, `a$`), "a\rb a\r\r\n", 8},
		{"end of line is not the end of what arrived", mustRegexp(t, `a$`), "ba", -1},
		{"word boundary", mustRegexp(t, `\bcat\b`), "concat cats cat.", 16},
		{"not a word boundary", mustRegexp(t, `\Bcat`), "cat concat", 10},
		{"start of all", mustRegexp(t, `\Aab`), "xab", -1},
		{"any byte is a character", mustRegexp(t, `a.b`), "a\xffb", 3},
		{"repeat", mustRegexp(t, `(ab){3}`), "ababxababab", 11},
		{"class in another script", mustRegexp(t, `\p{Greek}+!`), "abγ!", 5},
		{"U+FFFD is any such byte", mustRegexp(t, `a\x{FFFD}`), "a\xc3a", 2},
		{"U+FFFD itself", mustRegexp(t, `a\x{FFFD}`), "a\uFFFD", 4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for name, cut := range map[string]func() int{"whole": whole, "bytewise": bytewise} {
				place, _ := firstPlace(NewSet([]*Expr{tc.expr}, -1), []byte(tc.text), cut)
				assert.Equal(t, tc.place, place, name)
			}
		})
	}
}

func TestSetTellsWhichExpressionIsComplete(t *testing.T) {
	t.Parallel()
	set := NewSet([]*Expr{
		mustText(t, "login:"),
		mustRegexp(t, `[Pp]anic`),
		mustText(t, "nic"),
		mustRegexp(t, `logi+`),
	}, -1)
	n, complete := set.Scan([]byte("login: a panic"))
	assert.Equal(t, 4, n)
	assert.ElementsMatch(t, []int32{3}, complete)

	n, complete = set.Scan([]byte("n: a panic"))
	assert.Equal(t, 2, n, "the rest of a match that began before the first place")
	assert.ElementsMatch(t, []int32{0}, complete)

	n, complete = set.Scan([]byte(" a panic"))
	assert.Equal(t, 8, n)
	assert.ElementsMatch(t, []int32{1, 2}, complete)

	n, complete = set.Scan(nil)
	assert.Zero(t, n)
	assert.Empty(t, complete)
}

func TestSetKnowsWhatPrecedesTheStream(t *testing.T) {
	t.Parallel()
	line := mustRegexp(t, `^ok`)
	for prev, want := range map[rune]int{-1: 2, '\n': 2, 'x': -1} {
		place, _ := firstPlace(NewSet([]*Expr{line}, prev), []byte("ok"), whole)
		assert.Equal(t, want, place, "after %q", prev)
	}
	set := NewSet([]*Expr{line}, -1)
	set.Reset('x')
	place, _ := firstPlace(set, []byte("ok"), whole)
	assert.Equal(t, -1, place)
}

func TestFinishDecidesWhatWaitsForTheNextRune(t *testing.T) {
	t.Parallel()
	for _, expr := range []string{`ok$`, `ok\b`, `ok\z`} {
		set := NewSet([]*Expr{mustRegexp(t, expr)}, -1)
		place, _ := firstPlace(set, []byte("ok"), whole)
		assert.Equal(t, -1, place, expr)
		assert.Equal(t, []int32{0}, set.Finish(), expr)
	}
	set := NewSet([]*Expr{mustText(t, "\xe2\x82")}, -1)
	place, _ := firstPlace(set, []byte("\xe2\x82"), whole)
	assert.Equal(t, -1, place, "may yet become a character")
	assert.Equal(t, []int32{0}, set.Finish())
}

func TestExtentIsFinalWhenNothingCanChangeTheMatch(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		expr, text string
		final      int // -1: not in this text
	}{
		{`login: `, "the login: ", 11},
		{`\d+`, "12", -1},
		{`\d+`, "12 ", 3},
		{`\d{2}`, "123", 2},
		{`v(\d+)(-rc\d+)?`, "v12-r", -1},
		{`v(\d+)(-rc\d+)?`, "v12-rx", 6},
		{`a|ab`, "ab", 1},
		{`ab|a`, "a", -1},
		{`ab|a`, "ab", 2},
		{`a+?`, "aa", 1},
		{`a.*b`, "aabb", -1},
		{`a.*b`, "aabb\n", 5},
		{`.*login: `, "x login: ", -1},
	} {
		x := NewExtent(mustRegexp(t, tc.expr), -1)
		n, final := x.Scan([]byte(tc.text))
		if !final {
			n = -1
		}
		assert.Equal(t, tc.final, n, "%s in %q", tc.expr, tc.text)
		assert.True(t, x.Found(), "%s in %q", tc.expr, tc.text)
	}
}

func TestFindWithContext(t *testing.T) {
	t.Parallel()
	e := mustRegexp(t, `^(b+)`)
	assert.Equal(t, []int{0, 2, 0, 2}, e.Find([]byte("bb"), false))
	assert.Equal(t, []int{1, 3, 1, 3}, e.Find([]byte("\nbb"), true))
	assert.Nil(t, e.Find([]byte("abb"), true))
}

func TestWhatCannotBeUsedSaysWhy(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]string{
		`a(`:    "missing closing )",
		`a*`:    "matches the empty text",
		`(?m)^`: "matches the empty text",
		`a**`:   "invalid nested repetition",
	} {
		_, err := Regexp(expr)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, expr)
	}
	_, err := Text("")
	require.ErrorContains(t, err, "empty text")
}

func TestLiteral(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]string{
		`U-Boot \d+ (SPL|TPL) ready`: "U-Boot ",
		`(?i)kernel panic`:           "KERNEL PANIC",
		`(abc)+(longer)?`:            "abc",
		`(long){2}x*`:                "long",
		`\w+`:                        "",
		`a|bcd`:                      "",
	} {
		assert.True(t, strings.EqualFold(want, mustRegexp(t, expr).Literal()), "%s: %q", expr, mustRegexp(t, expr).Literal())
	}
	assert.Equal(t, "login:", mustText(t, "login:").Literal())
}

// An expression that needs more states than are kept is still right.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	e := mustRegexp(t, `a[ab]{8}c`)
	rng := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, 10_000)
	for i := range text {
		text[i] = "ab"[rng.IntN(2)]
	}
	text = append(text, "aababababac"...)
	set := NewSet([]*Expr{e}, -1)
	set.run.limit = 50 * set.run.stride
	place, _ := firstPlace(set, text, whole)
	assert.Equal(t, len(text), place)
	assert.LessOrEqual(t, set.run.size, set.run.limit)
	assert.Less(t, cap(set.run.table), 2*set.run.limit)
}

// checkAgainstRegexp compares an expression, on a text cut anywhere, with what
// Go's regexp says about the same text as a whole: the place at which a set
// stops is the end of the shortest part of the text that has a match, and the
// extent is right about what can still change.
func checkAgainstRegexp(t *testing.T, e *Expr, text []byte, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 0))
	cut := func() int { return 1 + rng.IntN(4) }
	place, _ := firstPlace(NewSet([]*Expr{e}, -1), text, cut)
	same, _ := firstPlace(NewSet([]*Expr{e}, -1), text, whole)
	what := fmt.Sprintf("%s in %q", e.search().plain, text)
	require.Equal(t, same, place, "it must not matter how the text is cut: %s", what)
	plain := e.search().plain
	if !compile([]*Expr{e}).asserts {
		require.Equal(t, shortest(plain, text), place, what)
	}
	if place < 0 {
		if utf8.Valid(text) { // else the end may be held back
			require.Equal(t, plain.Match(text), len(NewSet([]*Expr{e}, -1).finishAfter(text)) > 0, what)
		}
		return
	}
	x := NewExtent(e, -1)
	n, final := x.Scan(text)
	require.True(t, x.Found(), what)
	if final {
		require.GreaterOrEqual(t, n, place, what)
		require.Equal(t, e.Find(text, false), e.Find(text[:n], false), "final after %d: %s", n, what)
	}
}

func (s *Set) finishAfter(text []byte) []int32 {
	s.Scan(text)
	return s.Finish()
}

func FuzzAgainstRegexp(f *testing.F) {
	for _, expr := range []string{
		`a`, `ab|b+a`, `a.*b`, `(?s)a.*b`, `(a|ab)(c|bcd)?`, `^a`, `b$`, `\ba+\b`, `(?i)Ab+?c`, `[^a]b{2,3}`, `a*?b`, `\xffa`, `é+`, `(?U)a+b*c`,
	} {
		for _, text := range []string{"ab", "aabbcc\nabc", "a\r\nb\xff\xffaé", "\xc3é\xe2\x82bbb\n"} {
			f.Add(expr, []byte(text), uint64(7))
		}
	}
	f.Fuzz(func(t *testing.T, expr string, text []byte, seed uint64) {
		e, err := Regexp(expr)
		if err != nil || len(expr) > 40 || len(text) > 200 {
			t.Skip("no expression, or too long to compare")
		}
		checkAgainstRegexp(t, e, text, seed)
	})
}

// Random expressions over few letters meet each other, and the texts, far
// more often than those that a fuzzer comes up with.
func TestAgainstRegexpOnRandomExpressions(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range 300 {
		expr := randomExpr(rng, 3)
		e, err := Regexp(expr)
		if err != nil {
			continue // matches the empty text
		}
		for range 3 {
			text := make([]byte, rng.IntN(20))
			for i := range text {
				text[i] = "aaabbbc \n\r\xc3\xa9"[rng.IntN(12)]
			}
			checkAgainstRegexp(t, e, text, uint64(i))
		}
	}
}

// randomExpr returns an expression that nests to depth.
func randomExpr(rng *rand.Rand, depth int) string {
	if depth == 0 {
		atoms := []string{"a", "b", "c", ".", "[^a]", "[bc]", "é", "(?s:.)", `\b`, "^", "$", `\B`, `\z`, "ab", `\s`}
		return atoms[rng.IntN(len(atoms))]
	}
	x, y := randomExpr(rng, depth-1), randomExpr(rng, depth-1)
	switch rng.IntN(8) {
	case 0:
		return "(" + x + "|" + y + ")"
	case 1:
		return "(" + x + ")" + []string{"*", "+", "?"}[rng.IntN(3)]
	case 2:
		return "(?:" + x + ")" + []string{"*?", "+?", "??", "{2}", "{1,2}"}[rng.IntN(5)]
	}
	return x + y
}

// shortest returns the length of the shortest part of text, from its start,
// that re matches in, counted in whole runes; -1 if there is none.
func shortest(re *regexp.Regexp, text []byte) int {
	for n := 0; n < len(text); {
		if !utf8.FullRune(text[n:]) {
			return -1 // held back: the rune may yet become another
		}
		_, width := utf8.DecodeRune(text[n:])
		n += width
		if re.Match(text[:n]) {
			return n
		}
	}
	return -1
}

// FuzzTexts compares a set of texts with bytes.Index.
func FuzzTexts(f *testing.F) {
	f.Add("ab", "b", "\xff", []byte("aab\xffb"), uint64(1))
	f.Add("é", "\xa9", "é\n", []byte("\xc3\xc3\xa9\n"), uint64(2))
	f.Fuzz(func(t *testing.T, a, b, c string, text []byte, seed uint64) {
		var exprs []*Expr
		for _, s := range []string{a, b, c} {
			e, err := Text(s)
			if err != nil || !utf8.ValidString(s) {
				t.Skip("no text")
			}
			exprs = append(exprs, e)
		}
		want := -1
		for _, s := range []string{a, b, c} {
			if i := bytes.Index(text, []byte(s)); i >= 0 && (want < 0 || i+len(s) < want) {
				want = i + len(s)
			}
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		place, _ := firstPlace(NewSet(exprs, -1), text, func() int { return 1 + rng.IntN(4) })
		require.Equal(t, want, place)
	})
}
