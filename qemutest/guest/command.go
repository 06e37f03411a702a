package guest

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// stderrTail is how much of the standard error an [ExitError] tells, in bytes.
const stderrTail = 4 << 10

// Command is a command to run in a guest.
type Command struct {
	// Args are the program and its arguments. A program without a slash is
	// looked for in the guest's PATH.
	Args []string

	// Func runs a function that the program of the agent has registered by
	// this name, with all of Args as arguments; see package agent. Only the
	// agent can do this.
	Func string

	// Env holds NAME=value pairs that are added to the environment.
	Env []string

	// Dir is the working directory; "" means that of the agent or shell.
	Dir string

	// Stdin is the standard input; nil means an empty one. If the command
	// ends first, a Read that is under way may stay behind.
	Stdin io.Reader

	// Stdout and Stderr get the output while it comes; nil drops it. They may
	// be the same, and are then written to by one goroutine at a time, with
	// the agent in the order that the command wrote in.
	Stdout, Stderr io.Writer

	// Timeout is how long the command may take in the guest before it is
	// killed, with all of its process group; see [Result.TimedOut]. 0 means
	// no limit.
	Timeout time.Duration
}

// String returns the command for people.
func (c Command) String() string {
	if c.Func != "" {
		return strings.TrimSpace("func " + c.Func + " " + quote(c.Args))
	}
	return quote(c.Args)
}

func quote(args []string) string {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = arg
		if arg == "" || strings.ContainsAny(arg, " \t\r\n\"'\\$`*?;&|<>()#~{}[]!") {
			words[i] = fmt.Sprintf("%q", arg)
		}
	}
	return strings.Join(words, " ")
}

// Result tells how a command ended.
type Result struct {
	Status   int           // exit status; -1 after a signal
	Signal   string        // that ended it, such as "SIGKILL"; "" if it exited
	TimedOut bool          // it was killed because Command.Timeout had passed
	User     time.Duration // of CPU time, as the guest counts; 0 if unknown
	System   time.Duration // the same in the kernel
	MaxRSS   int64         // most memory it used, in bytes; 0 if unknown
}

// Err returns nil after exit status 0 and an [*ExitError] otherwise.
func (r Result) Err() error {
	if r.Status == 0 && r.Signal == "" && !r.TimedOut {
		return nil
	}
	return &ExitError{Result: r}
}

// An ExitError says that a command failed.
type ExitError struct {
	Result
	Command string // for people; "" if unknown
	Stderr  string // the end of its standard error; "" if unknown
}

func (e *ExitError) Error() string {
	text := "expected the command to succeed"
	if e.Command != "" {
		text = fmt.Sprintf("expected the command %s to succeed", e.Command)
	}
	switch {
	case e.TimedOut:
		text += ", its time limit has passed"
	case e.Signal != "":
		text += ", it was ended by " + e.Signal
	default:
		text += fmt.Sprintf(", its exit status is %d", e.Status)
	}
	if stderr := strings.TrimSpace(e.Stderr); stderr != "" {
		text += "; standard error:\n" + stderr
	}
	return text
}

// A tailWriter keeps the end of what is written.
type tailWriter struct {
	limit int
	data  []byte
}

func (t *tailWriter) Write(p []byte) (int, error) {
	t.data = append(t.data, p...)
	if len(t.data) > 2*t.limit {
		t.data = append(t.data[:0], t.data[len(t.data)-t.limit:]...)
	}
	return len(p), nil
}

func (t *tailWriter) String() string { return string(t.data[max(0, len(t.data)-t.limit):]) }
