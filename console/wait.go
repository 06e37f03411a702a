package console

import (
	"context"
	"errors"
	"time"
)

// A Wait says what to wait for and for how long.
type Wait struct {
	Success []Pattern     // the first of these to appear ends the wait
	Failure []Pattern     // the first of these to appear fails the wait
	Timeout time.Duration // limit of the whole wait; 0 means none but that of the context
	Idle    time.Duration // limit of the time without any output; 0 means none
}

// A Match tells where and how a pattern matched.
type Match struct {
	Index      int      // index of the pattern in Wait.Success
	Pattern    Pattern  // the pattern that matched
	Text       string   // what it matched
	Submatches []string // of a regexp: the whole match and its groups
	Start, End int64    // offsets of Text in the transcript
	Before     string   // what came before it since the cursor, at most the last 64 KiB
}

// Wait looks for w's patterns from the cursor on.
func (c *Console) Wait(ctx context.Context, w Wait) (Match, error) {
	return Match{}, errors.New("console: not built yet")
}

// Exec sends the line command and waits; matching starts after the echo of
// the command.
func (c *Console) Exec(ctx context.Context, command string, w Wait) (Match, error) {
	return Match{}, errors.New("console: not built yet")
}

// InterruptUntil sends text at once and then once in each interval of every
// until the wait ends.
func (c *Console) InterruptUntil(ctx context.Context, text string, every time.Duration, w Wait) (Match, error) {
	return Match{}, errors.New("console: not built yet")
}

// Send sends text to the guest.
func (c *Console) Send(ctx context.Context, text string) error {
	return errors.New("console: not built yet")
}

// SendLine sends line and a line ending.
func (c *Console) SendLine(ctx context.Context, line string) error {
	return errors.New("console: not built yet")
}
