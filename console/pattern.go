package console

// A Pattern is something to wait for or to watch for: a [Text] or a [Regexp].
type Pattern interface {
	// String returns the pattern as error messages show it.
	String() string
	pattern()
}

type textPattern string

// Text returns a pattern that matches the text s, byte for byte. It may hold
// anything, line ends too; note that serial consoles usually end a line with
// "\r\n".
func Text(s string) Pattern { return textPattern(s) }

func (p textPattern) String() string { return string(p) }
func (textPattern) pattern()         {}

type regexpPattern string

// Regexp returns a pattern that matches the regular expression expr. An expr
// that cannot be used is reported by whatever is given the pattern.
func Regexp(expr string) Pattern { return regexpPattern(expr) }

func (p regexpPattern) String() string { return string(p) }
func (regexpPattern) pattern()         {}
