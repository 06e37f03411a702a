package console

import (
	"errors"
	"time"
)

// The ways in which a wait can fail, for errors.Is.
var (
	ErrTimeout = errors.New("timed out")       // Wait.Timeout has passed
	ErrIdle    = errors.New("no output")       // no output for Wait.Idle
	ErrClosed  = errors.New("console closed")  // the connection has ended
	ErrFailure = errors.New("failure pattern") // a pattern of Wait.Failure or Options.Watch matched
)

// A WaitError says why a wait failed and what was on the console.
type WaitError struct {
	Err     error // ErrTimeout, ErrIdle, ErrClosed, ErrFailure or the cause of the context's end
	Console string
	Wait    Wait
	Elapsed time.Duration
	Idle    time.Duration
	Failure *Match // what matched, with ErrFailure
	Nearest string // the line that came nearest to the patterns, "" if none did
	Tail    []Line
	LogPath string
}

func (e *WaitError) Error() string { return e.Err.Error() }
func (e *WaitError) Unwrap() error { return e.Err }
