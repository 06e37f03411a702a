//go:build linux

package guest

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A shell that is there after a reboot was asked for may be that of the guest
// which has not ended yet.
func TestShellOfAGuestThatHasNotStartedAnew(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("dash", "-i")
	terminal, err := pty.Start(cmd)
	require.NoError(t, err)
	g := NewShell(terminal, Login{})
	t.Cleanup(func() {
		_ = g.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	_, err = g.Wait(t.Context())
	require.NoError(t, err)

	s := g.driver.(posix).scripts.(*shell)
	require.NoError(t, s.command(t.Context(), "quit")) // as when the init of the guest ends it
	s.restart()
	ctx, cancel := context.WithTimeout(t.Context(), 5*oldTime)
	defer cancel()
	_, err = g.Wait(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorContains(t, err, "expected the guest to start anew")

	s.old = "00000000-0000-0000-0000-000000000000" // now it is another one
	ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = g.Wait(ctx)
	require.NoError(t, err)
}
