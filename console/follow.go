package console

import (
	"context"
	"errors"
	"io"
)

// Follow writes the transcript from offset on to w, and what arrives then, until
// the console ends, ctx does, or w fails. The error is that of w, of the log, or
// the cause of ctx's end; nil at the end of the console. It does not move the
// cursor.
func (c *Console) Follow(ctx context.Context, offset int64, w io.Writer) error {
	buffer := make([]byte, 32<<10)
	for {
		v := c.text.view()
		for offset < v.size {
			n, err := c.ReadAt(buffer[:min(int64(len(buffer)), v.size-offset)], offset)
			if _, err := w.Write(buffer[:n]); err != nil {
				return err
			}
			offset += int64(n)
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
		}
		if v.err != nil {
			return nil
		}
		select {
		case <-v.changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
