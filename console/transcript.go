package console

import "time"

type transcript struct{}

type watch struct{}

// A Line is one line of the transcript and when its first byte arrived.
type Line struct {
	Time    time.Time
	Elapsed time.Duration // since New
	Text    string        // without the line end
}

// Tail returns the last n lines.
func (c *Console) Tail(n int) []Line { return nil }

// Cursor returns the offset in the transcript at which the next wait starts.
func (c *Console) Cursor() int64 { return 0 }

// SetCursor moves the cursor.
func (c *Console) SetCursor(offset int64) {}

// Mark moves the cursor to the end of what has arrived and returns it.
func (c *Console) Mark() int64 { return 0 }

// Size returns the number of bytes in the transcript.
func (c *Console) Size() int64 { return 0 }

// ReadAt reads from the transcript, as an io.ReaderAt.
func (c *Console) ReadAt(p []byte, offset int64) (int, error) { return 0, nil }

// Failed returns a channel that is closed when a pattern of Options.Watch
// has matched that was not marked as expected.
func (c *Console) Failed() <-chan struct{} { return nil }

// Failure returns the match that closed the channel of Failed, as a *WaitError; nil while there is none.
func (c *Console) Failure() error { return nil }

// Expect marks patterns of Options.Watch as expected from now on.
func (c *Console) Expect(patterns ...Pattern) {}
