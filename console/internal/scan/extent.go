package scan

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
