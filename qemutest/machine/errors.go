package machine

import (
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// LaunchError is a machine that did not start: its emulator could not be
// executed, or exited or hung before its monitor greeted. [errors.Is] finds the
// cause in it, such as ErrPortInUse, where QEMU's words tell it.
type LaunchError struct {
	Argv   []string
	Output string // what QEMU wrote
	How    Exit   // how it ended; Running if it was never executed
	Err    error  // what failed
}

func (e *LaunchError) Error() string {
	var b strings.Builder
	b.WriteString("expected QEMU to start, ")
	switch {
	case errors.Is(e.Err, exec.ErrNotFound):
		fmt.Fprintf(&b, "but %v: install it or give its path", e.Err)
	case e.How.Kind == Running:
		fmt.Fprintf(&b, "but %v", e.Err)
	case e.How.Kind == Exited && e.How.Text != "":
		fmt.Fprintf(&b, "it exited with status %d: %s", e.How.Status, e.How.Text)
	case (e.How.Status == 0 || e.How.Kind == GuestExit) && !slices.Contains(e.Argv, "-S"):
		fmt.Fprintf(&b, "but %s: a guest that ends before the monitor is ready needs -S, and cont over QMP", e.How)
	default:
		fmt.Fprintf(&b, "but %s", e.How)
	}
	if cause := e.cause(); cause != nil {
		fmt.Fprintf(&b, " (%v)", cause)
	}
	fmt.Fprintf(&b, "\ncommand line:\n  %s", Quote(e.Argv))
	if output := strings.TrimSpace(e.Output); output != "" {
		fmt.Fprintf(&b, "\noutput:\n  %s", strings.ReplaceAll(output, "\n", "\n  "))
	}
	return b.String()
}

// Unwrap returns Err, and the cause that QEMU names.
func (e *LaunchError) Unwrap() []error {
	if cause := e.cause(); cause != nil {
		return []error{e.Err, cause}
	}
	return []error{e.Err}
}

// Quote writes a command line in the form that a POSIX shell reads.
func Quote(argv []string) string {
	words := make([]string, len(argv))
	for i, word := range argv {
		if word == "" || strings.Trim(word, plain) != "" {
			word = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
		words[i] = word
	}
	return strings.Join(words, " ")
}

// plain characters mean themselves in a shell.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./,:=@%+"
