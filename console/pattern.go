package console

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/qemutest/functional/console/internal/scan"
)

// MaxRegexpMatch is the length in bytes up to which a match of a [Regexp] is
// found; a longer one may be missed. There is no such limit for a [Text].
const MaxRegexpMatch = scan.Window

// A Pattern is something to wait for or to watch for: a [Text] or a [Regexp].
// Patterns can be shared and kept in package variables.
type Pattern interface {
	// String returns the pattern as error messages show it: a text in
	// quotes, a regular expression in backquotes. Two patterns are the same
	// when their strings are.
	String() string

	// compile returns what the matcher looks for.
	compile() (*scan.Expr, error)
}

// Text returns a pattern that matches s, byte for byte. It may hold anything,
// line ends too; mind that serial consoles usually end a line with "\r\n".
// An empty text is an error, which the wait that is given it returns.
func Text(s string) Pattern { return text(s) }

type text string

func (p text) String() string               { return strconv.Quote(string(p)) }
func (p text) compile() (*scan.Expr, error) { return scan.Text(string(p)) }

// Regexp returns a pattern that matches a regular expression in the syntax of
// Go's [regexp] package, with four adjustments for a console:
//
//   - "^" and "$" match at the start and the end of each line. The end of a
//     line is its newline, or the carriage returns before that; the place
//     where the guest stopped printing is not: leave the "$" off a prompt.
//   - "." matches neither newline nor carriage return. `(?s)` lifts that, and
//     then a match may span lines, up to [MaxRegexpMatch] bytes.
//   - The match is found when its last byte arrives, and is the one that the
//     regexp package finds in the text from the cursor to the end of that
//     line. Where the rest of the line could still change it, as more digits
//     could for `\d+`, the wait goes on until it can't, or until the guest
//     has been silent for 200 ms.
//   - Bytes that are not UTF-8 match as U+FFFD does.
//
// An expression that can't be used, or that matches the empty text, is an
// error, which the wait that is given it returns.
func Regexp(expr string) Pattern {
	return regexpPattern{expr, sync.OnceValues(func() (*scan.Expr, error) { return scan.Regexp(expr) })}
}

type regexpPattern struct {
	expr     string
	compiled func() (*scan.Expr, error)
}

func (p regexpPattern) String() string               { return "`" + p.expr + "`" }
func (p regexpPattern) compile() (*scan.Expr, error) { return p.compiled() }

// compileAll compiles patterns; where names them in the error.
func compileAll(where string, patterns []Pattern) ([]*scan.Expr, error) {
	exprs := make([]*scan.Expr, len(patterns))
	for i, p := range patterns {
		if p == nil {
			return nil, fmt.Errorf("%s: pattern %d is nil", where, i)
		}
		e, err := p.compile()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		exprs[i] = e
	}
	return exprs, nil
}

// anyOf names patterns in a sentence.
func anyOf(patterns []Pattern) string {
	if len(patterns) == 0 {
		return "a failure"
	}
	names := make([]string, len(patterns))
	for i, p := range patterns {
		names[i] = p.String()
	}
	if len(names) == 1 {
		return names[0]
	}
	return "one of " + strings.Join(names, ", ")
}
