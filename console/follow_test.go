package console_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/console"
)

func TestFollow(t *testing.T) {
	t.Parallel()
	ours, guest := net.Pipe()
	c, err := console.New(ours, console.Options{})
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(guest, "before and ")
	require.NoError(t, err)

	r, w := io.Pipe()
	followed := make(chan error, 1)
	go func() {
		followed <- c.Follow(t.Context(), 7, w)
		w.Close()
	}()
	got := make([]byte, 4)
	_, err = io.ReadFull(r, got)
	require.NoError(t, err)
	assert.Equal(t, "and ", string(got))
	_, err = io.WriteString(guest, "after")
	require.NoError(t, err)
	require.NoError(t, guest.Close())
	rest, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.Equal(t, "after", string(rest))
	assert.NoError(t, <-followed)
}

func TestFollowEnds(t *testing.T) {
	t.Parallel()
	ours, _ := net.Pipe()
	c, err := console.New(ours, console.Options{})
	require.NoError(t, err)
	defer c.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	cancel(enough)
	assert.ErrorIs(t, c.Follow(ctx, 0, io.Discard), enough)
}
