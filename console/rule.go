package console

import "fmt"

// A Kind names what a guest reports, in the words that people use for it, such
// as "kernel panic".
type Kind string

// A Rule says how a report of something that went wrong looks: where it
// starts, where it ends, what it is about and whether that is the end of the
// guest. Package rules has rules for many systems.
//
// The zero values work: a rule with nothing but a Start is fatal, and its
// report is one line.
type Rule struct {
	// Kind is what is reported. "" means what Start's String returns.
	Kind Kind

	// Start is the first sign of the report. Where it matches, a fatal report
	// ends the waits. The report begins with the line in which it matches.
	Start Pattern

	// End is in the last line of the report, such as the one that ends a
	// stack trace. nil means that the report has as many lines as Lines says.
	End Pattern

	// Lines limits the length of the report. 0 means 100 lines with an End
	// and one line without.
	Lines int

	// Noted says that the report is recorded, and fails nothing: the guest
	// may well go on.
	Noted bool
}

// kind returns the kind of the rule's reports.
func (r Rule) kind() Kind {
	if r.Kind == "" {
		return Kind(r.Start.String())
	}
	return r.Kind
}

// lines returns the largest number of lines that a report can have.
func (r Rule) lines() int {
	switch {
	case r.Lines > 0:
		return r.Lines
	case r.End != nil:
		return 100
	}
	return 1
}

// checkRules finds rules that can't be used.
func checkRules(rules []Rule) error {
	for i, r := range rules {
		if r.Start == nil {
			return fmt.Errorf("Options.Watch: rule %d has no Start: give the first sign of the report", i)
		}
	}
	return nil
}
