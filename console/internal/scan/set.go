package scan

// A Set looks for several expressions at once.
type Set struct{ run *automaton }

// NewSet returns a set of exprs at the start of a stream that follows on the
// rune prev; -1 says that nothing precedes it.
func NewSet(exprs []*Expr, prev rune) *Set {
	return &Set{newAutomaton(compile(exprs), false, prev)}
}

// Reset forgets what the set has seen: the stream starts anew after prev.
func (s *Set) Reset(prev rune) { s.run.reset(prev) }

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
	n, at := s.run.scan(p)
	if at == nil {
		return n, nil
	}
	return n, at.complete
}

// Finish ends the stream and returns the expressions that are complete there
// and were not before.
func (s *Set) Finish() []int32 { return s.run.finish().complete }

// An Extent follows a stream to tell how far the leftmost match of one
// expression reaches.
type Extent struct {
	run   *automaton
	found bool
}

// NewExtent returns an extent of e at the start of a stream, as NewSet does.
func NewExtent(e *Expr, prev rune) *Extent {
	return &Extent{run: newAutomaton(compile([]*Expr{e}), true, prev)}
}

// Found reports whether the stream has a match.
func (x *Extent) Found() bool { return x.found }

// Scan continues the stream with p, up to the place at which the match can't
// change any more, whatever follows: n is the number of bytes of p before
// that place, final whether there is one.
func (x *Extent) Scan(p []byte) (n int, final bool) {
	for n < len(p) {
		k, at := x.run.scan(p[n:])
		n += k
		if at == nil {
			break
		}
		x.found = true
		if at.dead() {
			return n, true
		}
	}
	return n, false
}

// Finish ends the stream, where a match may be found that ends there.
func (x *Extent) Finish() {
	if len(x.run.finish().complete) > 0 {
		x.found = true
	}
}
