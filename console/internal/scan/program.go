package scan

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

const unicodeMax = unicode.MaxRune

// rawByte returns what stands in the automaton for a byte that is not part of
// valid UTF-8. A text matches exactly that byte; to a regular expression each
// such byte is U+FFFD, as to Go's regexp package.
func rawByte(b byte) rune { return unicodeMax + 1 + rune(b) }

// An opcode says what an instruction does.
type opcode uint8

const (
	opFail   opcode = iota // matches nothing
	opSplit                // go on at out and, with less priority, at arg
	opJump                 // go on at out
	opAssert               // go on at out if the syntax.EmptyOp arg holds here
	opRune                 // consume the rune arg, go on at out
	opClass                // consume a rune that class matches, go on at out
	opMatch                // expression number arg is complete
)

// An inst is one instruction of a program.
type inst struct {
	op    opcode
	out   int32
	arg   int32
	class *syntax.Inst
}

// matches reports whether an instruction that consumes a rune accepts r.
func (i *inst) matches(r rune) bool {
	switch i.op {
	case opRune:
		return i.arg == r
	case opClass:
		if r > unicodeMax {
			r = utf8.RuneError
		}
		return i.class.MatchRune(r)
	}
	return false
}

// A program is the code of one or more expressions and the division of all
// runes into classes: runes that no instruction tells apart share one.
type program struct {
	insts   []inst
	starts  []int32 // where each expression starts
	asserts bool    // whether there is any opAssert

	ascii  [256]uint8 // the class of each ASCII character; 0 for other bytes
	bounds []rune     // rune r is in the interval i with bounds[i] <= r < bounds[i+1]
	class  []int      // the class of each interval
	sample []rune     // one rune of each class; classes count from 1
}

// compile makes the program that looks for all of exprs.
func compile(exprs []*Expr) *program {
	p := &program{}
	for id, e := range exprs {
		if e.IsText() {
			p.addText(e.text, id)
		} else {
			p.addRegexp(e.prog, id)
		}
	}
	p.classify()
	return p
}

func (p *program) addText(text string, id int) {
	p.starts = append(p.starts, int32(len(p.insts)))
	for len(text) > 0 {
		r, width := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && width == 1 {
			r = rawByte(text[0])
		}
		text = text[width:]
		p.insts = append(p.insts, inst{op: opRune, out: int32(len(p.insts) + 1), arg: r})
	}
	p.insts = append(p.insts, inst{op: opMatch, arg: int32(id)})
}

func (p *program) addRegexp(prog *syntax.Prog, id int) {
	base := int32(len(p.insts))
	p.starts = append(p.starts, base+int32(prog.Start))
	for i := range prog.Inst {
		from := &prog.Inst[i]
		to := inst{out: base + int32(from.Out)}
		switch from.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			to.op, to.arg = opSplit, base+int32(from.Arg)
		case syntax.InstCapture, syntax.InstNop:
			to.op = opJump
		case syntax.InstEmptyWidth:
			to.op, to.arg = opAssert, int32(from.Arg)
			p.asserts = true
		case syntax.InstRune1:
			to.op, to.arg = opRune, from.Rune[0]
			if to.arg == utf8.RuneError {
				to.op, to.class = opClass, from // raw bytes match it too
			}
		case syntax.InstRune, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			to.op, to.class = opClass, from
		case syntax.InstMatch:
			to.op, to.arg = opMatch, int32(id)
		}
		p.insts = append(p.insts, to)
	}
}

// classify divides all runes into classes.
func (p *program) classify() {
	literals := make(map[rune]bool)
	var classes []*inst
	for i := range p.insts {
		switch in := &p.insts[i]; in.op {
		case opRune:
			literals[in.arg] = true
		case opClass:
			classes = append(classes, in)
		}
	}
	p.setBounds(literals, classes)

	p.sample = []rune{-1} // there is no class 0
	known := make(map[string]int)
	for _, r := range p.bounds {
		var key []byte
		if literals[r] { // an interval of this one rune
			key = binary.AppendVarint([]byte("literal "), int64(r))
		} else {
			key = p.signature(r, classes)
		}
		class, ok := known[string(key)]
		if !ok {
			class = len(p.sample)
			known[string(key)] = class
			p.sample = append(p.sample, r)
		}
		p.class = append(p.class, class)
	}
	for b := range utf8.RuneSelf {
		p.ascii[b] = uint8(p.classOf(rune(b)))
	}
}

// setBounds finds where the intervals of runes start that no instruction, and
// no assertion, divides.
func (p *program) setBounds(literals map[rune]bool, classes []*inst) {
	p.bounds = []rune{0, utf8.RuneError, utf8.RuneError + 1, unicodeMax + 1}
	add := func(lo, hi rune) { p.bounds = append(p.bounds, lo, hi+1) }
	for r := range literals {
		add(r, r)
	}
	for _, in := range classes {
		ranges := in.class.Rune
		if len(ranges) == 1 { // one rune, in any case
			first := ranges[0]
			add(first, first)
			for r := unicode.SimpleFold(first); r != first; r = unicode.SimpleFold(r) {
				add(r, r)
			}
			continue
		}
		for i := 0; i+1 < len(ranges); i += 2 {
			add(ranges[i], ranges[i+1])
		}
	}
	if p.asserts {
		add('\n', '\n')
		add('0', '9')
		add('A', 'Z')
		add('_', '_')
		add('a', 'z')
	}
	slices.Sort(p.bounds)
	p.bounds = slices.Compact(p.bounds)
}

// signature returns a key that is the same for runes that neither classes nor
// assertions tell apart.
func (p *program) signature(r rune, classes []*inst) []byte {
	key := make([]byte, 0, len(classes)+1)
	for _, in := range classes {
		if in.matches(r) {
			key = append(key, 1)
		} else {
			key = append(key, 0)
		}
	}
	if p.asserts {
		key = append(key, byte(kindOf(r)))
	}
	return key
}

// classOf returns the class of r.
func (p *program) classOf(r rune) int {
	i, found := slices.BinarySearch(p.bounds, r)
	if !found {
		i--
	}
	return p.class[i]
}

// A kind is what an assertion needs to know about the rune before it.
type kind uint8

const (
	kindStart   kind = iota // there is none: the start of the transcript
	kindNewline             // a newline
	kindWord                // an ASCII word character
	kindOther
)

// kindOf returns the kind of r; -1 is the start of the transcript.
func kindOf(r rune) kind {
	switch {
	case r < 0:
		return kindStart
	case r == '\n':
		return kindNewline
	case syntax.IsWordChar(r):
		return kindWord
	}
	return kindOther
}

// sampleOf is a rune of each kind.
var sampleOf = [...]rune{kindStart: -1, kindNewline: '\n', kindWord: 'a', kindOther: ' '}

// prefix returns the text that every match of an expression starts with, as
// far as it is valid UTF-8.
func (p *program) prefix(id int) []byte {
	var prefix []byte
	for pc := p.starts[id]; ; pc = p.insts[pc].out {
		switch in := &p.insts[pc]; {
		case in.op == opRune && in.arg <= unicodeMax:
			prefix = utf8.AppendRune(prefix, in.arg)
		case in.op != opJump && (in.op != opAssert || len(prefix) > 0):
			return prefix
		}
	}
}
