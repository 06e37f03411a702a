package console

import (
	"bytes"

	"github.com/qemutest/functional/console/internal/scan"
)

// maxBefore is how much of the text before a match a Match holds, in bytes.
const maxBefore = 64 << 10

// more waits until the transcript reaches beyond offset. It returns false
// when that does not happen within the time that the guest has to go on with
// a line.
type more func(offset int64) bool

// noMore is a more that takes the transcript as it is.
func noMore(int64) bool { return false }

// locate finds the match of e that is complete at an offset, for a search
// that started at from. It returns false if there is none that is short
// enough to be found.
func (t *transcript) locate(e *scan.Expr, from, at int64, wait more) (Match, bool, error) {
	if e.IsText() {
		start := at - int64(e.Len())
		p, err := t.slice(start, at)
		return Match{Text: string(p), Start: start, End: at}, true, err
	}
	from = max(from, at-MaxRegexpMatch)
	end, found, err := t.extent(e, from, at, wait)
	if err != nil || !found {
		return Match{}, false, err
	}
	context := min(from, 1)
	p, err := t.slice(from-context, end)
	if err != nil {
		return Match{}, false, err
	}
	loc := e.Find(p, context > 0)
	if loc == nil {
		return Match{}, false, nil
	}
	start := from - context
	m := Match{Text: string(p[loc[0]:loc[1]]), Start: start + int64(loc[0]), End: start + int64(loc[1])}
	for i := 0; i < len(loc); i += 2 {
		group := ""
		if loc[i] >= 0 {
			group = string(p[loc[i]:loc[i+1]])
		}
		m.Submatches = append(m.Submatches, group)
	}
	return m, true, nil
}

// extent returns the end of the text that decides which match e has, given
// that it is complete at an offset: where nothing can change it any more, or
// the end of the line, or the end of what arrives.
func (t *transcript) extent(e *scan.Expr, from, at int64, wait more) (end int64, found bool, err error) {
	p, err := t.slice(from, at)
	if err != nil {
		return 0, false, err
	}
	x := scan.NewExtent(e, t.runeBefore(from))
	_, final := x.Scan(p)
	if !x.Found() && t.endsAt(at) {
		x.Finish()
	}
	if final || !x.Found() || bytes.HasSuffix(p, []byte("\n")) {
		return at, x.Found(), nil
	}
	for end = at; end-at < MaxRegexpMatch; {
		p, err := t.slice(end, min(t.length(), end+MaxRegexpMatch))
		if err != nil {
			return 0, false, err
		}
		if i := bytes.IndexByte(p, '\n'); i >= 0 {
			p = p[:i+1]
		}
		n, final := x.Scan(p)
		end += int64(n)
		if final || bytes.HasSuffix(p, []byte("\n")) || !wait(end) {
			break
		}
	}
	return end, true, nil
}
