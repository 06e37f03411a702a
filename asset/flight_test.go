package asset

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
)

// Who comes while a canceled attempt is winding down gets an attempt of his own, not the other's cancellation.
func TestFlightCanceledTakesNobodyOnBoard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fs flights
		release := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		first := make(chan error)
		go func() {
			_, err := fs.join(ctx, "key", func(ctx context.Context) (string, error) {
				<-ctx.Done()
				<-release
				return "", errors.Join(errors.New("first"), ended(ctx))
			})
			first <- err
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()

		path, err := fs.join(t.Context(), "key", func(context.Context) (string, error) { return "second", nil })
		assert.NoError(t, err)
		assert.Equal(t, "second", path)
		close(release)
		err = <-first
		assert.ErrorContains(t, err, "first")
		assert.ErrorIs(t, err, context.Canceled)
		assert.Empty(t, fs.all)
	})
}

func TestEnded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	assert.NoError(t, ended(ctx))
	reason := errors.New("reason")
	cancel(reason)
	assert.ErrorIs(t, ended(ctx), context.Canceled)
	assert.ErrorIs(t, ended(ctx), reason)
	ctx, stop := context.WithTimeout(t.Context(), 0)
	defer stop()
	assert.Equal(t, context.DeadlineExceeded, ended(ctx))
}
