package scan

import (
	"bytes"
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// maxSize is the size at which the states of an automaton, of which there is
// one more each time that a new one is reached, are dropped and built anew as
// needed: memory stays bounded, by a few megabytes, whatever the expressions
// and the stream. It counts entries of the table and instructions in states.
const maxSize = 1 << 18

// isIdle marks a state in which no match has begun. Like that of any state that
// is not an ordinary one, its value is not positive.
const isIdle = -1

// A state of the automaton: the instructions at which the program could be,
// what the assertions among them need to know, and what is complete.
type state struct {
	insts    []int32 // instructions that consume a rune or wait for an assertion
	prev     kind    // of the rune before; kindStart when nothing asserts
	found    bool    // the leftmost match has been found: no new one may start
	complete []int32 // expressions that were found to be complete on the way here
}

// An automaton runs a program over a stream.
//
// In its plain mode it reports every expression that becomes complete,
// wherever its match started. In its leftmost mode, meant for one expression,
// it follows Go's rules: the leftmost match wins, and of those the one that
// the order of the operators prefers; it is at a dead end when the match that
// it has found can't be replaced by another any more.
type automaton struct {
	prog     *program
	leftmost bool

	// table holds the next state for each state and class of runes. States
	// are named by the index of their row: 0 stands for one not yet built, a
	// negative entry for a state at which something is complete or nothing
	// is left to do. There is no class 0; its entry is isIdle for a state in
	// which no match has begun.
	table  []int32
	stride int
	states []state
	names  map[string]int32
	size   int // of table and states, as maxSize counts
	limit  int // maxSize except in tests

	cursor
	parked []*cursor // other places in the stream, to be moved to by swap

	// Where every match starts with a literal, the automaton need not step
	// through what leaves it idle.
	prefix []byte               // of the only expression
	sieve  *sieve               // of several
	first  state                // the state at the start of the stream
	idles  [len(sampleOf)]int32 // the states in which no match has begun, by what precedes them; 0 if not yet built

	list list
}

// A cursor is where an automaton is in a stream.
type cursor struct {
	cur  int32  // the current state
	held []byte // the incomplete end of the stream, less than one rune
}

// clone returns a copy of c.
func (c *cursor) clone() cursor { return cursor{c.cur, slices.Clone(c.held)} }

// newAutomaton returns an automaton at the start of a stream that follows on
// the rune prev; see reset.
func newAutomaton(prog *program, leftmost bool, prev rune) *automaton {
	a := &automaton{prog: prog, leftmost: leftmost, stride: len(prog.sample), limit: maxSize}
	a.list.seen = make([]uint32, len(prog.insts))
	a.clear()
	a.reset(prev)
	literals := make([][]byte, len(prog.starts))
	for id := range literals {
		literals[id] = prog.prefix(id)
	}
	if len(literals) == 1 {
		a.prefix = literals[0]
	} else {
		a.sieve = newSieve(literals)
	}
	return a
}

// clear forgets all states.
func (a *automaton) clear() {
	a.table = make([]int32, a.stride, 16*a.stride) // row 0 is not used
	a.states = make([]state, 1, 16)
	a.names = make(map[string]int32)
	a.idles = [len(sampleOf)]int32{}
	a.size = 0
}

// reset goes to the start of a stream. prev is the rune before it, -1 at the
// start of the transcript.
func (a *automaton) reset(prev rune) {
	a.held = a.held[:0]
	l := &a.list
	l.begin()
	for _, pc := range a.prog.starts {
		a.follow(pc, noContext)
	}
	if !a.leftmost {
		slices.Sort(l.insts)
	}
	var k kind
	if a.prog.asserts {
		k = kindOf(prev)
	}
	a.first = state{insts: slices.Clone(l.insts), prev: k}
	a.cur = a.name(a.first)
}

// skips reports whether skip can pass over anything.
func (a *automaton) skips() bool { return len(a.prefix) > 0 || a.sieve != nil }

// skip returns how many bytes at the start of p can be passed over when idle.
func (a *automaton) skip(p []byte) int {
	if a.sieve != nil {
		return a.sieve.skip(p)
	}
	if i := bytes.Index(p, a.prefix); i >= 0 {
		return i
	}
	return max(0, len(p)-len(a.prefix)+1)
}

// idleAfter returns the name of the state in which no match has begun and b is
// the last byte of the stream.
func (a *automaton) idleAfter(b byte) int32 {
	k := kindStart
	switch {
	case !a.prog.asserts:
	case b >= utf8.RuneSelf:
		k = kindOther
	default:
		k = kindOf(rune(b))
	}
	if a.idles[k] == 0 {
		a.idles[k] = a.name(state{insts: a.first.insts, prev: k})
	}
	return a.idles[k]
}

// idle reports whether no match has begun at a cursor.
func (a *automaton) idle(c *cursor) bool {
	return a.table[max(c.cur, -c.cur)] == isIdle && len(c.held) == 0
}

// covers reports whether all that can still match at d can match at c, too.
func (a *automaton) covers(c, d *cursor) bool {
	if c.cur == d.cur {
		return bytes.Equal(c.held, d.held)
	}
	if len(c.held)+len(d.held) > 0 {
		return false
	}
	s, t := &a.states[max(c.cur, -c.cur)/int32(a.stride)], &a.states[max(d.cur, -d.cur)/int32(a.stride)]
	for _, pc := range t.insts { // both are sorted
		if _, found := slices.BinarySearch(s.insts, pc); !found {
			return false
		}
	}
	return s.prev == t.prev
}

// swap moves to c and leaves in c where the automaton was.
func (a *automaton) swap(c *cursor) { a.cursor, *c = *c, a.cursor }

// scan runs over p, which continues the stream. It stops after a rune at
// which an expression becomes complete, or at a dead end; n is the number of
// bytes of p before that place, s the state. At the end of p, s is nil.
func (a *automaton) scan(p []byte) (n int, s *state) {
	for len(a.held) > 0 {
		joined := append(a.held[:len(a.held):len(a.held)], p[:min(len(p), utf8.UTFMax)]...)
		if !utf8.FullRune(joined) {
			a.held = joined
			return len(p), nil
		}
		width := a.consume(joined)
		n = max(0, width-len(a.held))
		a.held = a.held[min(width, len(a.held)):]
		if s := a.special(); s != nil {
			return n, s
		}
	}
	return a.run(p, n)
}

// run is scan from p[i:] on when no bytes are held.
func (a *automaton) run(p []byte, i int) (n int, s *state) {
	for i < len(p) {
		i = a.dash(p, i)
		if i == len(p) {
			break
		}
		if p[i] < utf8.RuneSelf {
			a.cur = a.next(a.cur, int(a.prog.ascii[p[i]]))
			i++
		} else if utf8.FullRune(p[i:]) {
			i += a.consume(p[i:])
		} else {
			a.held = append(a.held[:0], p[i:]...)
			i = len(p)
		}
		if s := a.special(); s != nil {
			return i, s
		}
	}
	return len(p), nil
}

// dash runs over the ASCII characters of p[i:] as long as the states are
// there and nothing is complete.
func (a *automaton) dash(p []byte, i int) int {
	table, ascii, cur, skips := a.table, &a.prog.ascii, a.cur, a.skips()
	for i < len(p) {
		if skips && table[cur] == isIdle {
			if n := a.skip(p[i:]); n > 0 {
				for n > 1 && n < len(p)-i && p[i+n]&0xc0 == 0x80 { // not into a rune
					n--
				}
				i += n
				cur = a.idleAfter(p[i-1])
				table = a.table
				if i == len(p) {
					break
				}
			}
		}
		next := table[int(cur)+int(ascii[p[i]])]
		if next <= 0 {
			break
		}
		cur = next
		i++
	}
	a.cur = cur
	return i
}

// consume takes one step by the rune at the start of p and returns its width.
func (a *automaton) consume(p []byte) int {
	r, width := utf8.DecodeRune(p)
	if r == utf8.RuneError && width == 1 {
		r = rawByte(p[0])
	}
	a.cur = a.next(a.cur, a.prog.classOf(r))
	return width
}

// special returns the current state if something is complete there or if it
// is a dead end, and makes it an ordinary one for the steps that follow.
func (a *automaton) special() *state {
	if a.cur >= 0 {
		return nil
	}
	a.cur = -a.cur
	return &a.states[int(a.cur)/a.stride]
}

// next returns the state that follows on cur after a rune of a class,
// negative if it is special, and builds it if it is not there.
func (a *automaton) next(cur int32, class int) int32 {
	if next := a.table[int(cur)+class]; next != 0 {
		return next
	}
	from := a.states[int(cur)/a.stride]
	to := a.step(from, class)
	if a.size+a.stride+len(to.insts) > a.limit {
		cur = a.renew(from)
	}
	next := a.name(to)
	a.table[int(cur)+class] = next
	return next
}

// renew drops all states but those of the cursors, and returns the new name of
// one of them.
func (a *automaton) renew(s state) int32 {
	kept := make([]state, len(a.parked))
	for i, c := range a.parked {
		kept[i] = a.states[int(c.cur)/a.stride]
	}
	a.clear()
	for i, c := range a.parked {
		c.cur = max(a.name(kept[i]), -a.name(kept[i]))
	}
	return max(a.name(s), -a.name(s))
}

// finish returns the state at the end of the stream.
func (a *automaton) finish() *state {
	for len(a.held) > 0 {
		a.held = a.held[a.consume(a.held):]
		if s := a.special(); s != nil {
			return s
		}
	}
	s := a.states[int(a.cur)/a.stride]
	a.list.begin()
	a.settle(s, -1)
	return &state{complete: slices.Clone(a.list.complete), found: s.found}
}

// name returns the name of the state s, which it adds if it is not there.
func (a *automaton) name(s state) int32 {
	key := s.key()
	if name, ok := a.names[string(key)]; ok {
		return name
	}
	row := int32(len(a.table))
	name := row
	if len(s.complete) > 0 || (a.leftmost && s.dead()) {
		name = -row
	}
	s.insts = slices.Clone(s.insts)
	s.complete = slices.Clone(s.complete)
	a.table = append(a.table, make([]int32, a.stride)...)
	if !s.found && slices.Equal(s.insts, a.first.insts) {
		a.table[row] = isIdle
	}
	a.states = append(a.states, s)
	a.size += a.stride + len(s.insts)
	a.names[string(key)] = name
	return name
}

// key returns a text that is the same for equal states only.
func (s *state) key() []byte {
	key := make([]byte, 0, 4+2*len(s.insts))
	key = append(key, byte(s.prev))
	if s.found {
		key = append(key, 1)
	} else {
		key = append(key, 0)
	}
	key = binary.AppendUvarint(key, uint64(len(s.complete)))
	for _, id := range s.complete {
		key = binary.AppendUvarint(key, uint64(id))
	}
	for _, pc := range s.insts {
		key = binary.AppendUvarint(key, uint64(pc))
	}
	return key
}

// dead reports whether nothing that follows can change what was found.
func (s *state) dead() bool { return s.found && len(s.insts) == 0 }

// A list collects the instructions of a state in order of priority.
type list struct {
	insts    []int32
	complete []int32
	closed   bool     // a match was found that has priority over what comes next
	seen     []uint32 // per instruction: the value of round when it was met last
	round    uint32
}

func (l *list) begin() {
	l.insts, l.complete, l.closed = l.insts[:0], l.complete[:0], false
	l.round++
}

// noContext is the context of a place after which the next rune is not known.
const noContext = syntax.EmptyOp(0xff)

// follow adds to the list the instructions that can be reached from pc
// without consuming a rune. Where that depends on an assertion, context
// decides; with noContext the assertion itself is added, to be decided when
// the next rune is there.
func (a *automaton) follow(pc int32, context syntax.EmptyOp) {
	l := &a.list
	if l.closed || l.seen[pc] == l.round {
		return
	}
	l.seen[pc] = l.round
	switch in := &a.prog.insts[pc]; in.op {
	case opSplit:
		a.follow(in.out, context)
		a.follow(in.arg, context)
	case opJump:
		a.follow(in.out, context)
	case opAssert:
		if context == noContext {
			l.insts = append(l.insts, pc)
		} else if op := syntax.EmptyOp(in.arg); op&^context == 0 {
			a.follow(in.out, context)
		}
	case opRune, opClass:
		l.insts = append(l.insts, pc)
	case opMatch:
		if !slices.Contains(l.complete, in.arg) {
			l.complete = append(l.complete, in.arg)
		}
		l.closed = a.leftmost
	}
}

// settle puts into the list what is left of s when next turns out to be the
// rune that follows, with its assertions decided.
func (a *automaton) settle(s state, next rune) {
	context := syntax.EmptyOpContext(sampleOf[s.prev], next)
	for _, pc := range s.insts {
		a.follow(pc, context)
	}
}

// step returns the state that follows on s after a rune of a class.
func (a *automaton) step(s state, class int) state {
	r := a.prog.sample[class]
	before := s.insts
	l := &a.list
	to := state{found: s.found}
	if a.prog.asserts {
		l.begin()
		a.settle(s, r)
		before = slices.Clone(l.insts)
		to.complete = slices.Clone(l.complete)
		to.found = to.found || l.closed
		to.prev = kindOf(r)
	}
	l.begin()
	l.complete = append(l.complete, to.complete...)
	for _, pc := range before {
		if in := &a.prog.insts[pc]; in.matches(r) {
			a.follow(in.out, noContext)
		}
	}
	if !to.found {
		for _, pc := range a.prog.starts {
			a.follow(pc, noContext)
		}
	}
	to.found = to.found || l.closed
	if !a.leftmost {
		slices.Sort(l.insts)
	}
	to.insts, to.complete = l.insts, l.complete
	return to
}
