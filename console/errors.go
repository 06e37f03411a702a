package console

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// The ways in which a wait or a send fails, for [errors.Is]. When a context
// ended it, the error wraps the cause of that instead.
var (
	ErrTimeout = errors.New("timed out")               // Wait.Timeout or Options.SendTimeout has passed
	ErrIdle    = errors.New("no output")               // the guest was silent for Wait.Idle
	ErrClosed  = errors.New("console closed")          // the connection has ended, or Close was called
	ErrFailure = errors.New("failure pattern matched") // one of Wait.Failure, or a rule of Options.Watch
)

// errorLines is the number of lines of the transcript in a WaitError.
const errorLines = 20

// A WaitError says why a wait failed and what was on the console at that
// moment. Its first line is a sentence; Error returns the rest below it.
type WaitError struct {
	Err     error         // ErrTimeout, ErrIdle, ErrClosed, ErrFailure, the cause of a context's end, or why the log could not be written
	Console string        // Options.Name
	Wait    Wait          // what was waited for; the zero Wait from Console.Failure
	Elapsed time.Duration // since the wait began
	Idle    time.Duration // since the guest last printed something
	Failure *Match        // with ErrFailure: what matched; Index counts in Wait.Failure, or in Options.Watch if there is a Report
	Report  *Report       // with ErrFailure: what a rule of Options.Watch has found, nil if Wait.Failure matched
	Nearest string        // the line since the wait began that comes nearest to a success pattern, "" if none does
	Hint    string        // what may be wrong besides, "" if nothing is known
	Tail    []Line        // the last 20 lines
	LogPath string        // Options.LogPath
}

// Unwrap returns e.Err.
func (e *WaitError) Unwrap() error { return e.Err }

// Error returns several lines: Summary, then what there is of the report, the
// hint, the nearest line, the path of the log and the tail.
func (e *WaitError) Error() string {
	var b strings.Builder
	b.WriteString(e.Summary())
	if e.Report != nil {
		b.WriteString("\n  the guest reported:")
		for line := range strings.Lines(e.Report.Text) {
			fmt.Fprintf(&b, "\n    %s", printable(strings.TrimRight(line, "\r\n")))
		}
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, "\n  %s", e.Hint)
	}
	if e.Nearest != "" {
		fmt.Fprintf(&b, "\n  nearest line seen: %s", printable(e.Nearest))
	}
	if e.LogPath != "" {
		fmt.Fprintf(&b, "\n  the whole output is in %s", e.LogPath)
	}
	if len(e.Tail) == 0 {
		b.WriteString("\n  the guest has printed nothing")
		return b.String()
	}
	b.WriteString("\n  last lines, with the seconds since the console was opened:")
	for _, line := range e.Tail {
		fmt.Fprintf(&b, "\n    %s", line)
	}
	return b.String()
}

// Summary returns the first line of Error: what was expected, what happened
// instead, and after what time.
func (e *WaitError) Summary() string {
	want := anyOf(e.Wait.Success)
	after := "after " + seconds(e.Elapsed)
	switch e.Err { // only when the wait itself is meant, not a send
	case ErrFailure:
		what := fmt.Sprintf("%s: failure pattern %s matched: %s", e.Console, e.Failure.Pattern, printable(e.Failure.Text))
		if e.Report != nil {
			what = fmt.Sprintf("%s: %s", e.Console, e.Report)
		}
		if len(e.Wait.Success) == 0 {
			return what
		}
		return fmt.Sprintf("%s, %s waiting for %s", what, after, want)
	case ErrTimeout:
		return fmt.Sprintf("%s: timed out waiting for %s %s, idle for %s", e.Console, want, after, seconds(e.Idle))
	case ErrIdle:
		return fmt.Sprintf("%s: no output for %s while waiting for %s, given up %s", e.Console, seconds(e.Idle), want, after)
	case ErrClosed:
		return fmt.Sprintf("%s: closed while waiting for %s, %s", e.Console, want, after)
	}
	return fmt.Sprintf("%s: waiting for %s ended %s, idle for %s: %v", e.Console, want, after, seconds(e.Idle), e.Err)
}

// waitError describes the end of a wait.
func (c *Console) waitError(w Wait, began time.Time, err error) *WaitError {
	if errors.Is(err, os.ErrClosed) {
		err = ErrClosed // Close came between
	}
	now := time.Now()
	return &WaitError{
		Err:     err,
		Console: c.opts.Name,
		Wait:    w,
		Elapsed: now.Sub(began),
		Idle:    now.Sub(c.text.view().last),
		Tail:    c.Tail(errorLines),
		LogPath: c.opts.LogPath,
	}
}

// failureError describes a match of Wait.Failure.
func (c *Console) failureError(w Wait, began time.Time, m Match) *WaitError {
	e := c.waitError(w, began, ErrFailure)
	e.Failure = &m
	return e
}

// watchError describes the failure that the watch has found, with as much of
// its report as comes without a pause.
func (c *Console) watchError(w Wait, began time.Time, hit hit, wait more) error {
	report := c.settled(hit, wait)
	m, found, err := c.text.locate(c.watch.exprs[hit.index], 0, hit.at, hit.gaps, noMore)
	if err != nil || !found { // closed, or longer than MaxRegexpMatch
		m = Match{Start: hit.at, End: hit.at}
	}
	m.Index, m.Pattern = hit.index, report.Rule.Start
	e := c.failureError(w, began, m)
	e.Report = &report
	return e
}

// printable returns s for a line of an error message: without escape
// sequences, and with other control characters escaped.
func printable(s string) string {
	var strip stripper
	s = string(strip.strip([]byte(s)))
	if quoted := strconv.Quote(s); len(quoted) != len(s)+2 {
		s = strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
	}
	return s
}

// seconds returns d in the unit and with the digits that a reader needs.
func seconds(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Round(10*time.Millisecond).Seconds(), 'f', -1, 64) + " s"
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}
