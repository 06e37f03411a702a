package asset

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// printer writes reports and notes for people. It may be used by several goroutines.
type printer struct {
	w     io.Writer
	live  bool       // w is a terminal, where a line can be overwritten
	width func() int // of the terminal in columns

	mu     sync.Mutex
	active []*printed
	shown  bool // there is a live line on the terminal
}

// printed is one fetch that is under way.
type printed struct {
	last  Progress
	since time.Time // of the last line, or of the first report
	lines int
}

// lineInterval is how often a fetch gets a line where there is no terminal; a shorter one gets none.
const lineInterval = 5 * time.Second

// stderrReporter is the printer that all caches of the process share by default.
var stderrReporter = sync.OnceValue(func() *printer {
	fd := int(os.Stderr.Fd())
	return &printer{
		w:    os.Stderr,
		live: term.IsTerminal(fd),
		width: func() int {
			if width, _, err := term.GetSize(fd); err == nil && width > 0 {
				return width
			}
			return 80
		},
	}
})

// Progress shows a report.
func (p *printer) Progress(report Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	entry := p.entry(report)
	entry.last = report
	if report.Done {
		p.active = slices.DeleteFunc(p.active, func(e *printed) bool { return e == entry })
	}
	switch {
	case p.live:
		p.redraw()
		if report.Done && !report.Waiting && report.Elapsed > lineInterval {
			p.line(report.String())
		}
	case report.Done && entry.lines > 0 && !report.Waiting, !report.Done && time.Since(entry.since) >= lineInterval:
		p.line(report.String())
		entry.since = time.Now()
		entry.lines++
	}
}

// Note shows a remark on a line of its own.
func (p *printer) Note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line(text)
}

// entry returns the record of the fetch that the report is about.
func (p *printer) entry(report Progress) *printed {
	for _, e := range p.active {
		if e.last.Asset == report.Asset && e.last.Waiting == report.Waiting {
			return e
		}
	}
	e := &printed{last: report, since: time.Now()}
	p.active = append(p.active, e)
	return e
}

// line writes a whole line, above the live line if there is one.
func (p *printer) line(text string) {
	p.erase()
	fmt.Fprintf(p.w, "asset: %s\n", text)
	p.redraw()
}

// redraw brings the live line up to date: the one fetch, or all together.
func (p *printer) redraw() {
	if !p.live {
		return
	}
	p.erase()
	var text string
	switch len(p.active) {
	case 0:
		return
	case 1:
		text = p.active[0].last.String()
	default:
		text = p.summary()
	}
	text = "asset: " + text
	if limit := p.width() - 1; len(text) > limit {
		text = strings.ToValidUTF8(text[:max(limit, 0)], "")
	}
	fmt.Fprint(p.w, text)
	p.shown = true
}

// erase clears the live line: carriage return, then "erase in line" (ECMA-48 EL).
func (p *printer) erase() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

// summary is the live line of several fetches.
func (p *printer) summary() string {
	var bytes int64
	var rate float64
	names := make([]string, len(p.active))
	for i, e := range p.active {
		names[i] = e.last.Asset.Name()
		bytes += e.last.Bytes
		rate += e.last.Rate
	}
	return fmt.Sprintf("%d files, %s, %s/s: %s", len(names), formatBytes(bytes), formatBytes(int64(rate)), strings.Join(names, ", "))
}
