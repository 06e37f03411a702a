// Package scan finds the first of several texts and regular expressions in a
// stream, as the stream arrives.
//
// Go's regexp package searches a text that is there as a whole. A console is
// a stream: it comes in pieces of any size, down to single bytes, a match may
// lie across any number of them, and it has to be found when its last byte
// arrives, at gigabytes per second or at ten bytes per second, without
// looking at any byte twice.
//
// So the expressions are compiled, by regexp/syntax, into one program
// (program.go), and the program is run as a deterministic automaton whose
// states are built when they are first reached (automaton.go): one table
// lookup per byte, however many expressions there are and however the bytes
// are cut. A [Set] answers "which expressions are complete at this byte".
//
// Which text an expression then matched is a question about a text that is
// there as a whole again: [Expr.Find] asks Go's regexp about the last Window
// bytes. Between the two stands [Extent], which tells whether what comes next
// can still change the answer, as more digits can for `\d+`.
//
// A match may have whole lines of the kernel in its middle (printk.go knows
// them). Where one begins in the middle of a match, the set (set.go) forks: one
// automaton reads on, and another cursor waits until the line has ended and
// goes on with what follows, until both are in the same state again. [Set.Gaps]
// tells what was left out. Of lines that interrupt nothing, no cursor has to be
// kept, so this costs a look at each "[" of the stream.
//
// Many texts are looked for with a sieve (sieve.go), which passes over most of
// the stream without stepping through it.
package scan

// Window is the length in bytes up to which a match of a regular expression
// is found; a longer one may be missed. Texts have no such limit.
const Window = 64 << 10
