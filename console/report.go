package console

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/qemutest/functional/console/internal/scan"
)

const (
	// reportTime is how long the error of a wait may be delayed for the rest
	// of the report that caused it.
	reportTime = 2 * time.Second

	// lineReach is how much of a line before the first sign of a report is
	// taken to be part of it, in bytes.
	lineReach = 1024
)

// A Report is what a guest said about something that went wrong, as a [Rule]
// of Options.Watch has found it.
type Report struct {
	Rule Rule // the rule that found it
	Kind Kind // that of the rule

	// Noted says that the report failed nothing: because of the rule, or
	// because reports of this kind were expected.
	Noted bool

	Line       string // its first line
	Text       string // all of its lines, as they are in the transcript
	Start, End int64  // offsets of Text in the transcript
}

// String returns the kind and the first line, in one line for people.
func (r Report) String() string {
	return fmt.Sprintf("%s: %s", r.Kind, printable(r.Line))
}

// Reports returns what the rules of Options.Watch have found so far, in the
// order of the transcript: all that is fatal, and the first 64 of the others.
// The last one may still be growing. It works until Close.
func (c *Console) Reports() []Report {
	findings := c.watch.findings()
	reports := make([]Report, len(findings))
	for i, f := range findings {
		reports[i] = c.report(f)
	}
	return reports
}

// tellReports calls Options.Reported with the reports that have ended since
// the last time.
func (c *Console) tellReports() {
	if c.opts.Reported == nil {
		return
	}
	for _, f := range c.watch.untold() {
		c.opts.Reported(c.report(f))
	}
}

// report reads a finding from the transcript.
func (c *Console) report(f finding) Report {
	return newReport(c.text, c.watch.rules[f.index], f, c.text.length())
}

// newReport reads a finding from a text that has the given length so far.
func newReport(text io.ReaderAt, rule Rule, f finding, length int64) Report {
	r := Report{Rule: rule, Kind: rule.kind(), Noted: f.noted, Start: f.at, End: f.end}
	if r.End == 0 {
		r.End = length
	}
	sign := f.at // somewhere in the first line
	if len(f.gaps) > 0 {
		sign = f.gaps[0].Start
	}
	from := max(0, sign-lineReach)
	p := make([]byte, r.End-from)
	n, _ := text.ReadAt(p, from) // all of it is there, unless the console was closed
	p = p[:n]
	before := p[:min(int64(n), sign-from)]
	// The sign may have ended with its line, and have begun lines before.
	start := bytes.LastIndexByte(bytes.TrimRight(before, "\r\n"), '\n') + 1
	r.Start = from + int64(start)
	r.Text = string(p[start:])
	line, _, _ := strings.Cut(without(r.Text, r.Start, f.gaps), "\n")
	r.Line = strings.TrimRight(line, "\r")
	return r
}

// without returns text, which is at an offset, without the gaps.
func without(text string, offset int64, gaps []scan.Gap) string {
	var b strings.Builder
	for _, g := range gaps {
		n := min(int64(len(text)), max(0, g.Start-offset))
		b.WriteString(text[:n])
		n = min(int64(len(text)), max(0, g.End-offset))
		text, offset = text[n:], offset+n
	}
	b.WriteString(text)
	return b.String()
}

// settled returns the report at a hit once it has ended, or once the guest
// says nothing more of it for now.
func (c *Console) settled(h hit, wait more) Report {
	deadline := time.Now().Add(reportTime)
	for {
		size := c.text.length()
		f := c.watch.finding(h)
		if f.end > 0 || !time.Now().Before(deadline) || !wait(size) {
			return c.report(f)
		}
	}
}

// Examine looks for the reports of rules in a text that is there as a whole,
// such as a file, as Options.Watch does on a console. All of them are in the
// result; the error is that of the reader.
func Examine(text io.ReaderAt, rules []Rule) ([]Report, error) {
	w, err := newWatch(rules)
	if err != nil {
		return nil, err
	}
	buf := make([]byte, readSize)
	for {
		n, err := text.ReadAt(buf, w.offset)
		w.scan(buf[:n])
		if err != nil && err != io.EOF {
			return nil, err
		}
		if err == io.EOF {
			break
		}
	}
	w.finish()
	var reports []Report
	for _, f := range w.findings() {
		reports = append(reports, newReport(text, rules[f.index], f, w.offset))
	}
	return reports, nil
}
