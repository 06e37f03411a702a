package machine

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/console/rules"
)

const (
	tailSize = 64 << 10 // of QEMU's output, kept for messages
	textSize = 1 << 10  // of one finding
)

// tail returns the end of a file, from the beginning of a line.
func tail(file *os.File) string {
	info, err := file.Stat()
	if err != nil {
		return ""
	}
	start := max(0, info.Size()-tailSize)
	data := make([]byte, info.Size()-start)
	n, _ := file.ReadAt(data, start)
	data = data[:n]
	if start == 0 {
		return string(data)
	}
	if _, rest, found := bytes.Cut(data, []byte("\n")); found {
		start += int64(len(data) - len(rest))
		data = rest
	}
	return fmt.Sprintf("[%d bytes before this]\n%s", start, data)
}

// findings are what QEMU's output says about how it ended.
type findings struct {
	reports   []console.Report // by the rules for QEMU
	sanitizer string           // first line of the first sanitizer's report that nobody expected
	excused   string           // the same of one that was expected
	fatal     string           // an assertion or another last word
	signal    syscall.Signal   // the one that QEMU says it ends on
	last      string           // last line that is not blank, and no hint
	complains bool             // that line is an error of QEMU
	memory    bool             // QEMU says that it got no memory
	expected  []console.Kind   // of the reports that the user wants
}

// terminating is written by system/runstate.c of QEMU when a signal ends it.
var terminating = regexp.MustCompile(`: terminating on signal (\d+)`)

var (
	// Written by error_report and its kin; warnings and notes are no errors.
	complaint   = regexp.MustCompile(`^qemu[\w-]*: `)
	noComplaint = regexp.MustCompile(`^qemu[\w-]*: (?:.*: )?(?:warning|info): `)

	// Written by error_append_hint after an error, which says more.
	hint = regexp.MustCompile(`^(?:Use -machine help to list |The valid models are: |The only valid type is: |Valid values are ` +
		`|Optional suffix |and exabytes, respectively\.)`)

	sanitizerSays = regexp.MustCompile(`(\w+Sanitizer): `)
)

// sanitizerName returns which sanitizer wrote the first line of a report.
func sanitizerName(report string) string {
	if m := sanitizerSays.FindStringSubmatch(report); m != nil {
		return m[1]
	}
	return "UndefinedBehaviorSanitizer" // the one that does not say its name
}

// anywhere are the rules for QEMU's output that fail a machine wherever in it
// they match; lastWords are the others, which are believed at its end.
var anywhere, lastWords = split(rules.QEMU)

func split(all []console.Rule) (fatal, noted []console.Rule) {
	for _, rule := range all {
		if rule.Noted {
			noted = append(noted, rule)
		} else {
			fatal = append(fatal, rule)
		}
	}
	return fatal, noted
}

// examine reads QEMU's output, of which reports of some kinds are expected. A
// sanitizer that lets QEMU go on may have reported anywhere, so it looks for one
// in every line, however many there are. Last words are last.
func examine(output *os.File, expected []console.Kind) findings {
	info, err := output.Stat()
	if err != nil || info.Size() == 0 {
		return findings{} // as in nearly all tests
	}
	f := findings{expected: expected}
	f.readAll(io.NewSectionReader(output, 0, info.Size()))
	f.readTail(tail(output))
	return f
}

// readAll takes down the reports that may be anywhere.
func (f *findings) readAll(output io.ReaderAt) {
	wanted := slices.Clone(anywhere)
	for i, rule := range wanted {
		wanted[i].Noted = slices.Contains(f.expected, rule.Kind)
	}
	f.reports = reportsIn(output, wanted)
	for _, report := range f.reports {
		line := &f.sanitizer
		if report.Noted {
			line = &f.excused
		}
		if *line == "" {
			*line = clip(report.Line)
		}
	}
}

// readTail takes down what the last lines say.
func (f *findings) readTail(text string) {
	last := reportsIn(strings.NewReader(text), lastWords)
	f.reports = append(f.reports, last...)
	for line := range strings.Lines(text) {
		line = clip(line)
		if line == "" || f.last != "" && hint.MatchString(line) {
			continue
		}
		if m := terminating.FindStringSubmatch(line); m != nil {
			number, _ := strconv.Atoi(m[1])
			f.signal = syscall.Signal(number)
		}
		f.last = line
		f.complains = complaint.MatchString(line) && !noComplaint.MatchString(line)
	}
	// Want of memory is no fault of QEMU.
	fault := slices.IndexFunc(last, func(r console.Report) bool { return r.Kind != rules.NoHostMemory })
	if fault >= 0 {
		f.fatal = clip(strings.ReplaceAll(strings.TrimSpace(last[fault].Text), "\n", " "))
	}
	f.memory = says(f.fatal, rules.NoHostMemory) || says(f.last, rules.NoHostMemory)
}

// expects reports whether a text is what the user wants to see: one of a kind
// that is expected.
func (f *findings) expects(text string) bool {
	return slices.ContainsFunc(f.expected, func(kind console.Kind) bool { return says(text, kind) })
}

// says reports whether a text has a report of a kind.
func says(text string, kind console.Kind) bool {
	return text != "" && len(reportsIn(strings.NewReader(text), rulesOf(kind))) > 0
}

// rulesOf returns the rules for QEMU's reports of one kind.
func rulesOf(kind console.Kind) []console.Rule {
	return slices.DeleteFunc(slices.Clone(rules.QEMU), func(r console.Rule) bool { return r.Kind != kind })
}

// reportsIn returns what rules find in a text. A text that cannot be read says
// nothing.
func reportsIn(text io.ReaderAt, wanted []console.Rule) []console.Report {
	reports, _ := console.Examine(text, wanted)
	return reports
}

// clip shortens a line for a message.
func clip(line string) string {
	line = strings.TrimSpace(line)
	if len(line) > textSize {
		return line[:textSize] + "..."
	}
	return line
}
