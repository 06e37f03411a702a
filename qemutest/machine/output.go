package machine

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
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
	sanitizer string         // first line of a sanitizer's report
	fatal     string         // an assertion or another last word
	signal    syscall.Signal // the one that QEMU says it ends on
	last      string         // last line that is not blank
	complains bool           // the last line is an error of QEMU
	memory    bool           // QEMU says that it got no memory
}

var (
	// AddressSanitizer, LeakSanitizer, MemorySanitizer, ThreadSanitizer and
	// so on; UndefinedBehaviorSanitizer has a form of its own.
	sanitizerReport = regexp.MustCompile(`(?:ERROR|WARNING): \w+Sanitizer: |^\S.*:\d+:\d+: runtime error: `)

	// Written by system/runstate.c of QEMU when a signal ends it.
	terminating = regexp.MustCompile(`: terminating on signal (\d+)`)
)

// lastWords match the line that explains an abort: of assert, of g_assert, of
// QEMU's error_abort, cpu_abort, hw_error and tcg_abort, of GLib, and of the
// stack protector and the allocator of the C library.
var lastWords = regexp.MustCompile(`Assertion .*failed` +
	`|^ERROR:\S+:\d+:` +
	`|^Unexpected error in ` +
	`|^qemu: (?:fatal|hardware error): ` +
	`|tcg fatal error` +
	`|-ERROR \*\*: ` +
	`|^\*\*\* \w+ .*\*\*\*` +
	`|^(?:double free or corruption|corrupted|free\(\):|malloc\(\):|realloc\(\):|munmap_chunk\(\):)`)

var (
	// Written by error_report and its kin; warnings and notes are no errors.
	complaint   = regexp.MustCompile(`^qemu[\w-]*: `)
	noComplaint = regexp.MustCompile(`^qemu[\w-]*: (?:.*: )?(?:warning|info): `)

	// Of mmap, of GLib, and of QEMU's preallocation of huge pages.
	outOfMemory = regexp.MustCompile(`Cannot allocate memory|failed to allocate \d+ bytes` +
		`|Insufficient free host memory pages`)

	sanitizerSays = regexp.MustCompile(`(\w+Sanitizer): `)
)

// sanitizerName returns which sanitizer wrote the first line of a report.
func sanitizerName(report string) string {
	if m := sanitizerSays.FindStringSubmatch(report); m != nil {
		return m[1]
	}
	return "UndefinedBehaviorSanitizer" // the one that does not say its name
}

// examine reads QEMU's output. A sanitizer that lets QEMU go on may have
// reported anywhere, so it looks for one in every line, however many there are.
// Last words are last.
func examine(output *os.File) findings {
	if info, err := output.Stat(); err != nil || info.Size() == 0 {
		return findings{} // as in nearly all tests
	}
	f := findings{sanitizer: findReport(io.NewSectionReader(output, 0, math.MaxInt64))}
	f.readTail(tail(output))
	return f
}

// findReport returns the first line of a sanitizer's report, or "".
func findReport(output io.Reader) string {
	lines := bufio.NewReaderSize(output, tailSize)
	for {
		// The rest of an endless line counts as lines of its own.
		line, err := lines.ReadSlice('\n')
		if (bytes.Contains(line, []byte("Sanitizer: ")) || bytes.Contains(line, []byte("runtime error: "))) &&
			sanitizerReport.Match(line) {
			return clip(string(line))
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return ""
		}
	}
}

// readTail takes down what the last lines say.
func (f *findings) readTail(text string) {
	unfinished := false // f.fatal is followed by the text proper
	for line := range strings.Lines(text) {
		line = clip(line)
		if line == "" {
			continue
		}
		switch {
		case unfinished:
			f.fatal += " " + line
			unfinished = false
		case f.fatal == "" && lastWords.MatchString(line):
			f.fatal = line
			unfinished = strings.HasPrefix(line, "Unexpected error in ")
		}
		if m := terminating.FindStringSubmatch(line); m != nil {
			number, _ := strconv.Atoi(m[1])
			f.signal = syscall.Signal(number)
		}
		f.last = line
		f.complains = complaint.MatchString(line) && !noComplaint.MatchString(line)
	}
	f.memory = outOfMemory.MatchString(f.fatal) || outOfMemory.MatchString(f.last)
}

// clip shortens a line for a message.
func clip(line string) string {
	line = strings.TrimSpace(line)
	if len(line) > textSize {
		return line[:textSize] + "..."
	}
	return line
}
