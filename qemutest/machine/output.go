package machine

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
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
	data, _ := io.ReadAll(io.NewSectionReader(file, start, tailSize))
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
}

var (
	// AddressSanitizer, LeakSanitizer, MemorySanitizer, ThreadSanitizer and
	// so on; UndefinedBehaviorSanitizer has a form of its own.
	sanitizerReport = regexp.MustCompile(`(?:ERROR|WARNING): \w+Sanitizer: |^\S.*:\d+:\d+: runtime error: `)

	// Written by system/runstate.c of QEMU when a signal ends it.
	terminating = regexp.MustCompile(`: terminating on signal (\d+)`)
)

// lastWords begin or are part of the line that explains an abort: of assert and
// g_assert, of QEMU's error_abort, cpu_abort, hw_error and tcg_abort, of GLib,
// and of the allocator and stack protector of the C library.
var lastWords = [][]byte{
	[]byte("Assertion "),
	[]byte("ERROR:"),
	[]byte("Unexpected error in "),
	[]byte("qemu: fatal: "),
	[]byte("qemu: hardware error: "),
	[]byte("tcg fatal error"),
	[]byte("-ERROR **: "),
	[]byte("*** stack smashing detected ***"),
	[]byte("*** buffer overflow detected ***"),
	[]byte("double free or corruption"),
	[]byte("corrupted "),
	[]byte("free(): "),
	[]byte("malloc(): "),
}

// examine reads QEMU's output. It looks at every line, however many there are:
// a sanitizer that lets QEMU go on may have reported anywhere.
func examine(output io.Reader) findings {
	var f findings
	lines := bufio.NewReaderSize(output, tailSize)
	unfinished := false // f.fatal is followed by the text proper
	for {
		// The rest of an endless line counts as lines of its own.
		line, err := lines.ReadSlice('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			text := bytes.TrimRight(line, "\r\n")
			switch {
			case unfinished:
				f.fatal += " " + clip(text)
				unfinished = false
			case f.fatal == "" && containsAny(text, lastWords):
				f.fatal = clip(text)
				unfinished = bytes.HasPrefix(text, []byte("Unexpected error in "))
			}
			f.note(text)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return f
		}
	}
}

// note takes down what a line says, apart from last words.
func (f *findings) note(line []byte) {
	f.last = clip(line)
	if f.sanitizer == "" && (bytes.Contains(line, []byte("Sanitizer: ")) || bytes.Contains(line, []byte("runtime error: "))) &&
		sanitizerReport.Match(line) {
		f.sanitizer = clip(line)
	}
	if bytes.Contains(line, []byte(": terminating on signal ")) {
		if m := terminating.FindSubmatch(line); m != nil {
			number, _ := strconv.Atoi(string(m[1]))
			f.signal = syscall.Signal(number)
		}
	}
}

func containsAny(line []byte, words [][]byte) bool {
	for _, word := range words {
		if bytes.Contains(line, word) {
			return true
		}
	}
	return false
}

func clip(line []byte) string {
	if len(line) > textSize {
		return string(line[:textSize]) + "..."
	}
	return strings.TrimSpace(string(line))
}
