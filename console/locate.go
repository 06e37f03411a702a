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

// An excerpt is a part of a transcript without the lines of the kernel that
// interrupt it.
type excerpt struct {
	text   []byte
	pieces []piece
}

// A piece is a part of an excerpt that is in one part in the transcript, too.
type piece struct {
	index  int   // where it begins in the excerpt
	offset int64 // where it begins in the transcript
}

// add appends what is at an offset.
func (x *excerpt) add(p []byte, offset int64) {
	if len(p) > 0 {
		x.pieces = append(x.pieces, piece{len(x.text), offset})
		x.text = append(x.text, p...)
	}
}

// offset returns the place in the transcript of a byte of the excerpt.
func (x *excerpt) offset(index int) int64 {
	p := x.pieces[0]
	for _, next := range x.pieces {
		if next.index > index {
			break
		}
		p = next
	}
	return p.offset + int64(index-p.index)
}

// match returns the match at two indexes.
func (x *excerpt) match(start, end int) Match {
	return Match{Text: string(x.text[start:end]), Start: x.offset(start), End: x.offset(end-1) + 1}
}

// excerpt returns the transcript between two offsets without the gaps.
func (t *transcript) excerpt(from, to int64, gaps []scan.Gap) (*excerpt, error) {
	x := &excerpt{}
	for _, g := range append(gaps[:len(gaps):len(gaps)], scan.Gap{Start: to, End: to}) {
		p, err := t.slice(from, g.Start)
		if err != nil {
			return nil, err
		}
		x.add(p, from)
		from = g.End
	}
	return x, nil
}

// locate finds the match of e that is complete at an offset, for a search
// that started at from; the gaps are not part of it. It returns false if there
// is none that is short enough to be found.
func (t *transcript) locate(e *scan.Expr, from, at int64, gaps []scan.Gap, wait more) (Match, bool, error) {
	first := at // before which the match begins, if it was interrupted
	if len(gaps) > 0 {
		first = gaps[0].Start
	}
	if e.IsText() {
		x, err := t.excerpt(max(from, first-int64(e.Len())), at, gaps)
		if err != nil || len(x.text) < e.Len() {
			return Match{}, false, err
		}
		return x.match(len(x.text)-e.Len(), len(x.text)), true, nil
	}
	from = max(from, first-MaxRegexpMatch)
	context := min(from, 1)
	x, err := t.excerpt(from-context, at, gaps)
	if err != nil {
		return Match{}, false, err
	}
	found, err := t.extendLine(x, e, int(context), at, wait)
	if err != nil || !found {
		return Match{}, false, err
	}
	loc := e.Find(x.text, context > 0)
	if loc == nil {
		return Match{}, false, nil
	}
	m := x.match(loc[0], loc[1])
	for i := 0; i < len(loc); i += 2 {
		group := ""
		if loc[i] >= 0 {
			group = string(x.text[loc[i]:loc[i+1]])
		}
		m.Submatches = append(m.Submatches, group)
	}
	return m, true, nil
}

// extendLine adds to an excerpt, which ends at an offset where e is complete, the
// text that decides which match e has: up to where nothing can change it any
// more, or the end of the line, or the end of what arrives. Lines of the kernel
// in its middle are no part of it.
func (t *transcript) extendLine(x *excerpt, e *scan.Expr, context int, at int64, wait more) (found bool, err error) {
	p := x.text[context:]
	extent := scan.NewExtent(e, t.runeBefore(x.offset(0)+int64(context)))
	_, final := extent.Scan(p)
	if !extent.Found() && t.endsAt(at) {
		extent.Finish()
	}
	if final || !extent.Found() || bytes.HasSuffix(p, newline) {
		return extent.Found(), nil
	}
	for end := at; end-at < MaxRegexpMatch; {
		p, err := t.slice(end, min(t.length(), end+MaxRegexpMatch))
		if err != nil {
			return false, err
		}
		line, _, whole := bytes.Cut(p, newline)
		if whole {
			line = p[:len(line)+1]
		}
		kernel, certain := scan.KernelLine(line)
		switch {
		case kernel == len(line): // no line of the kernel
		case whole && certain:
			n, final := extent.Scan(line[:kernel])
			x.add(line[:n], end)
			if final {
				return true, nil
			}
			end += int64(len(line))
			continue
		case !whole && wait(end+int64(len(p))):
			continue
		}
		n, final := extent.Scan(line)
		x.add(line[:n], end)
		end += int64(n)
		if final || whole || !wait(end) {
			break
		}
	}
	return true, nil
}
