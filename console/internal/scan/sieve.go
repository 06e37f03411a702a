package scan

// gram is the length in bytes of the pieces of text that a sieve knows.
const gram = 3

// A sieve finds the places in a text at which one of many expressions may
// start, without looking at each byte. All of them begin with a literal; of
// the first bytes of each, as many as the shortest has, the sieve knows all
// pieces. So it is enough to look at every stride-th piece of the text: each
// start is followed by one that the sieve knows.
//
// The loads do not depend on each other, as those of an automaton do. That is
// what makes it several times faster.
type sieve struct {
	stride int
	known  [1 << 10]uint64 // a bit for the hash of each piece
}

// newSieve returns the sieve for expressions that begin with these literals,
// nil if one of them is too short for it.
func newSieve(literals [][]byte) *sieve {
	shortest := 16
	for _, literal := range literals {
		shortest = min(shortest, len(literal))
	}
	if shortest <= gram {
		return nil
	}
	s := &sieve{stride: shortest - gram + 1}
	for _, literal := range literals {
		for i := range s.stride {
			h := hash(literal[i], literal[i+1], literal[i+2])
			s.known[h>>6] |= 1 << (h & 63)
		}
	}
	return s
}

// hash returns 16 bits that tell pieces apart.
func hash(a, b, c byte) uint32 {
	return (uint32(a)<<16 | uint32(b)<<8 | uint32(c)) * 0x9e3779b1 >> 16
}

// skip returns how many bytes at the start of p no expression starts in.
func (s *sieve) skip(p []byte) int {
	i := s.stride - 1
	for ; i+gram <= len(p); i += s.stride {
		h := hash(p[i], p[i+1], p[i+2])
		if s.known[h>>6&(1<<10-1)]&(1<<(h&63)) != 0 {
			break
		}
	}
	return i - s.stride + 1
}
