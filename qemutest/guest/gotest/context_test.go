package gotest

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestContextEndsWithASignal(t *testing.T) {
	for signal, want := range map[syscall.Signal]string{
		syscall.SIGQUIT: "the signal to quit has come, which go test sends a minute after the time of its -timeout",
		syscall.SIGHUP:  "the signal to end has come: hangup",
	} {
		ctx, stop := NewContext(t.Context())
		require.NoError(t, syscall.Kill(os.Getpid(), signal))
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Second):
			t.Fatal("the signal did not end the context")
		}
		assert.ErrorContains(t, context.Cause(ctx), want)
		stop()
	}
}

func TestContextEndsWithItsParent(t *testing.T) {
	parent, cancel := context.WithCancelCause(t.Context())
	ctx, stop := NewContext(parent)
	defer stop()
	require.NoError(t, ctx.Err())
	gone := errors.New("nobody wants it")
	cancel(gone)
	assert.ErrorIs(t, context.Cause(ctx), gone)
}
