package gotest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/qemutest/functional/qemutest/guest/platform"
	"github.com/qemutest/functional/qemutest/hang"
	"github.com/qemutest/functional/qemutest/machine"
)

// launchError says of a machine that lacks the bus of the platform what it has to
// have.
func launchError(p platform.Platform, err error) error {
	usual, knownErr := platform.ForGOARCH(p.GOARCH)
	if knownErr != nil || p.Machine == usual.Machine || !errors.Is(err, machine.ErrBus) {
		return err
	}
	return fmt.Errorf("expected a machine with the bus of %s, as %s has it, got %s, which lacks the bus: %w", p.Port, usual.Machine, p.Machine, err)
}

// watch ends the wait for a guest that is gone.
func watch(ctx context.Context, m *machine.Machine, cancel context.CancelCauseFunc) {
	c := m.Console(0)
	select {
	case <-c.Failed():
		cancel(c.Failure())
	case <-m.Done():
		exit, _ := m.Exit()
		cancel(&endedError{exit})
	case <-ctx.Done():
	}
}

// endedError is the end of the machine where the binary was to run.
type endedError struct{ exit machine.Exit }

func (e *endedError) Error() string { return fmt.Sprintf("the machine ended: %s", e.exit) }

// explain says why the binary did not run to its end: what ended the context
// rather than what that ended, what the machine does, and what the guest said
// last. The guest's channel may close before QEMU has told how it ends, so the
// machine is looked at first, which waits for that.
func explain(ctx context.Context, m *machine.Machine, err error) error {
	diagnosis := hang.Examine(context.WithoutCancel(ctx), m)
	c := m.Console(0)
	if failure, cause := c.Failure(), context.Cause(ctx); failure != nil {
		err = failure
	} else if cause != nil {
		err = cause
	} else if exit, ended := m.Exit(); ended {
		err = &endedError{exit}
	}
	var text strings.Builder
	var ended *endedError
	if !errors.As(err, &ended) { // which says the same
		fmt.Fprintf(&text, "\n%s", diagnosis)
	}
	text.WriteString("\nlast lines of the console:")
	lines := c.Tail(tailLines)
	if len(lines) == 0 {
		text.WriteString(" none, it is silent")
	}
	for _, line := range lines {
		fmt.Fprintf(&text, "\n  %s", line.Text)
	}
	return fmt.Errorf("%w%s", err, text.String())
}
