package scan

import (
	"bytes"
	"slices"
)

// A Set looks for several expressions at once, in the stream as it is and,
// where lines of the kernel were printed into the middle of something, in the
// stream without them.
type Set struct {
	run    *automaton
	offset int64 // in the stream

	header    header // of a line of the kernel, as far as it has come
	following bool   // there is one
	at        int64  // where it begins
	before    cursor // what was there then

	forks []*fork
	gaps  map[int32][]Gap // of what is complete now
}

// A Gap is a part of the stream that is not part of a match: lines of the
// kernel in its middle. Its offsets count from the start of the stream.
type Gap struct{ Start, End int64 }

const (
	// maxForks limits how many interrupted lines a set follows at a time: a
	// line of the kernel may be interrupted by another one.
	maxForks = 4

	maxGaps = 256 // of one match
)

// A fork is the stream without the lines of the kernel from one place on,
// where a match had begun. It ends when that makes no difference any more.
type fork struct {
	cursor
	before cursor // what was there where the header began
	inLine bool   // a line of the kernel is being passed over
	length int    // what it has seen beyond its first gap
	gaps   []Gap
}

// NewSet returns a set of exprs at the start of a stream that follows on the
// rune prev; -1 says that nothing precedes it.
func NewSet(exprs []*Expr, prev rune) *Set {
	return &Set{run: newAutomaton(compile(exprs), false, prev)}
}

// Reset forgets what the set has seen: the stream starts anew after prev.
func (s *Set) Reset(prev rune) {
	s.run.reset(prev)
	*s = Set{run: s.run}
	s.park()
}

// Scan continues the stream with p, up to the first place at which an
// expression is complete: n is the number of bytes of p before that place,
// complete has the indexes of the expressions that a match of ends there, in
// no order. At the end of p, complete is empty. A further Scan with p[n:] finds
// the next place.
//
// The place is the first at which a match is certain: with the last byte of
// the match, or the rune after it where the expression ends with an assertion
// such as "$".
func (s *Set) Scan(p []byte) (n int, complete []int32) {
	s.gaps = nil
	for n < len(p) {
		k := s.plain(p[n:])
		k, complete = s.advance(p[n : n+k])
		n += k
		if len(complete) > 0 {
			return n, complete
		}
	}
	return n, nil
}

// Gaps returns what is not part of the match of an expression that is complete
// at the place that Scan or Finish has found, nil for a match that was not
// interrupted.
func (s *Set) Gaps(id int32) []Gap { return s.gaps[id] }

// plain returns the length of what p begins with and is looked at in one go.
// Where there are forks to compare, or a header to follow, that is one byte.
func (s *Set) plain(p []byte) int {
	if s.following {
		if h := s.header; h.step(p[0]) != no {
			return 1
		}
		s.following = false
	}
	if next := nextHeader(p[:s.reach(p)]); next > 0 {
		return next
	}
	s.begin(p)
	if s.following {
		return 1
	}
	return 1 + nextHeader(p[1:s.reach(p)])
}

// reach returns the length of what p begins with and changes no fork.
func (s *Set) reach(p []byte) int {
	n := len(p)
	for _, f := range s.forks {
		if !f.inLine {
			return 1
		}
		if i := bytes.IndexByte(p[:n], '\n'); i >= 0 {
			n = i + 1
		}
	}
	return n
}

// begin looks at the header that p may start with, if a match could be
// interrupted by it. One that is not there as a whole is followed.
func (s *Set) begin(p []byte) {
	useful := !s.run.idle(&s.run.cursor)
	for _, f := range s.forks {
		useful = useful || !f.inLine
	}
	if !useful {
		return
	}
	s.header, s.at = header{}, s.offset
	s.before = s.run.cursor.clone()
	for _, f := range s.forks {
		f.before = f.cursor.clone()
	}
	if h := s.header; h.scan(p) == yes {
		s.interrupt()
	} else {
		s.following = true
	}
	s.park()
}

// advance continues the stream and its forks with p, one byte if there are
// any to compare.
func (s *Set) advance(p []byte) (n int, complete []int32) {
	n, at := s.run.scan(p)
	if at != nil {
		complete = at.complete
	}
	for _, f := range s.forks {
		if f.inLine {
			continue
		}
		s.run.swap(&f.cursor)
		_, at := s.run.scan(p[:n])
		s.run.swap(&f.cursor)
		f.length += n
		if at != nil && !s.following { // no match ends in what may be a header
			complete = s.merge(complete, at.complete, f)
		}
	}
	if n > 0 {
		s.offset += int64(n)
		s.follow(p[n-1])
	}
	return n, complete
}

// merge adds to what is complete in the stream what is complete in a fork.
func (s *Set) merge(complete, more []int32, f *fork) []int32 {
	all := append([]int32(nil), complete...)
	for _, id := range more {
		if slices.Contains(all, id) {
			continue
		}
		all = append(all, id)
		if s.gaps == nil {
			s.gaps = make(map[int32][]Gap)
		}
		s.gaps[id] = append([]Gap(nil), f.gaps...)
	}
	return all
}

// follow takes note of the last byte of what was scanned.
func (s *Set) follow(b byte) {
	if s.following && s.header.step(b) == yes {
		s.following = false
		s.interrupt()
	}
	if len(s.forks) == 0 {
		return
	}
	kept := s.forks[:0]
	for _, f := range s.forks {
		if f.inLine && b == '\n' {
			f.inLine = false
			f.gaps[len(f.gaps)-1].End = s.offset
		}
		if f.inLine || s.following || !s.needless(f) {
			kept = append(kept, f)
		}
	}
	s.forks = kept
	s.park()
}

// needless reports whether a fork can't find what the stream itself does not,
// or is too long for anyone to look at what it finds.
func (s *Set) needless(f *fork) bool {
	return f.length > Window || s.run.covers(&s.run.cursor, &f.cursor)
}

// interrupt has all forks, and a new one, pass over the line of the kernel
// whose header has just ended.
func (s *Set) interrupt() {
	for _, f := range s.forks {
		if f.inLine {
			continue
		}
		f.inLine = true
		f.cursor = f.before
		last := &f.gaps[len(f.gaps)-1]
		if last.End != s.at {
			f.gaps = append(f.gaps, Gap{Start: s.at})
		}
		if len(f.gaps) > maxGaps {
			f.length = Window // one more byte, and it is needless
		}
	}
	if !s.run.idle(&s.before) && len(s.forks) < maxForks {
		s.forks = append(s.forks, &fork{cursor: s.before, inLine: true, gaps: []Gap{{Start: s.at}}})
	}
}

// park tells the automaton of all cursors but its own.
func (s *Set) park() {
	s.run.parked = s.run.parked[:0]
	if s.following {
		s.run.parked = append(s.run.parked, &s.before)
	}
	for _, f := range s.forks {
		s.run.parked = append(s.run.parked, &f.cursor)
		if s.following && !f.inLine {
			s.run.parked = append(s.run.parked, &f.before)
		}
	}
}

// Finish ends the stream and returns the expressions that are complete there
// and were not before.
func (s *Set) Finish() []int32 {
	s.gaps = nil
	complete := s.run.finish().complete
	for _, f := range s.forks {
		if !f.inLine {
			s.run.swap(&f.cursor)
			complete = s.merge(complete, s.run.finish().complete, f)
			s.run.swap(&f.cursor)
		}
	}
	return complete
}
