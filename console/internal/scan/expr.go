package scan

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"sync"
)

// An Expr is a text or a regular expression to look for. It does not change
// once made and can be used by any number of sets.
type Expr struct {
	text   string // of a text
	tree   *syntax.Regexp
	prog   *syntax.Prog // of a regular expression; nil makes this a text
	search func() *searchers
}

// searchers are the forms in which Find needs an expression. They are made
// when it first matches, which for most expressions is never.
type searchers struct {
	plain *regexp.Regexp // for a text that starts where the search starts
	after *regexp.Regexp // for a text with one rune before that; group 1 is the match
}

// Text returns an expression that matches s, byte for byte.
func Text(s string) (*Expr, error) {
	if s == "" {
		return nil, errors.New("an empty text matches before anything arrived: give the text that the guest prints")
	}
	return &Expr{text: s}, nil
}

// Regexp returns an expression that matches the regular expression expr, in
// the syntax of Go's regexp package, with the adjustments of [parse].
func Regexp(expr string) (*Expr, error) {
	tree, err := parse(expr)
	if err != nil {
		return nil, fmt.Errorf("the regular expression `%s` cannot be used: %w", expr, err)
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, fmt.Errorf("the regular expression `%s` cannot be used: %w", expr, err)
	}
	plain, err := regexp.Compile(tree.String())
	if err != nil {
		return nil, fmt.Errorf("the regular expression `%s` cannot be used: %w", expr, err)
	}
	if plain.MatchString("") {
		return nil, fmt.Errorf("the regular expression `%s` matches the empty text, so it matches before anything arrived: "+
			"name something that the guest has to print", expr)
	}
	return &Expr{tree: tree, prog: prog, search: sync.OnceValue(func() *searchers {
		return &searchers{plain, regexp.MustCompile(`\A(?s:..*?)(` + tree.String() + `)`)}
	})}, nil
}

// IsText reports whether e is a text.
func (e *Expr) IsText() bool { return e.prog == nil }

// Len returns the length in bytes of what a text matches.
func (e *Expr) Len() int { return len(e.text) }

// Literal returns text that every match of e contains, as long as possible:
// all of a text; of a regular expression its longest literal part, or "".
func (e *Expr) Literal() string {
	if e.IsText() {
		return e.text
	}
	return longestLiteral(e.tree)
}

// Find returns the offsets in text of the match of a regular expression and
// of its groups, in the form of [regexp.Regexp.FindSubmatchIndex]: the
// leftmost match by Go's rules, nil if there is none. With context, the first
// rune of text comes before the place where matches may start and serves only
// to decide whether a line or a word starts there.
func (e *Expr) Find(text []byte, context bool) []int {
	s := e.search()
	if !context {
		return s.plain.FindSubmatchIndex(text)
	}
	if loc := s.after.FindSubmatchIndex(text); loc != nil {
		return loc[2:]
	}
	return nil
}

// parse parses expr for use on a console, where lines end in "\r\n":
// "^" and "$" match at the start and the end of each line (flag m), "$" also
// before the carriage returns that end a line, and "." matches neither
// newline nor carriage return.
func parse(expr string) (*syntax.Regexp, error) {
	tree, err := syntax.Parse(expr, syntax.Perl&^syntax.OneLine)
	if err != nil {
		return nil, err
	}
	adjust(tree)
	return tree, nil
}

// adjust rewrites the operators that parse describes.
func adjust(re *syntax.Regexp) {
	for _, sub := range re.Sub {
		adjust(sub)
	}
	switch re.Op {
	case syntax.OpAnyCharNotNL:
		*re = syntax.Regexp{
			Op:   syntax.OpCharClass,
			Rune: []rune{0, '\n' - 1, '\n' + 1, '\r' - 1, '\r' + 1, unicodeMax},
		}
	case syntax.OpEndLine:
		end := *re
		cr := &syntax.Regexp{Op: syntax.OpLiteral, Rune: []rune{'\r'}}
		*re = syntax.Regexp{
			Op: syntax.OpConcat,
			Sub: []*syntax.Regexp{
				{Op: syntax.OpStar, Sub: []*syntax.Regexp{cr}},
				&end,
			},
		}
	}
}

// longestLiteral returns the longest literal that every match of re contains.
func longestLiteral(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCapture, syntax.OpPlus:
		return longestLiteral(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return longestLiteral(re.Sub[0])
		}
	case syntax.OpConcat:
		longest := ""
		for _, sub := range re.Sub {
			if s := longestLiteral(sub); len(s) > len(longest) {
				longest = s
			}
		}
		return longest
	}
	return ""
}
