package gdb

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A reverseBug says that some versions of QEMU can't go back on a target.
type reverseBug struct {
	before int // major version that can; 0: none
	text   string
}

var reverseBugs = map[string]reverseBug{
	"s390x":  {8, "QEMU 7.2 hangs in the first reverse step"},
	"ppc64":  {8, "QEMU 7.2 misses a random event in what it has recorded itself"},
	"x86_64": {0, "now and then QEMU hangs in a reverse step: https://gitlab.com/qemu-project/qemu/-/issues/2922"},
}

// recorder returns the arguments to record a guest, or to replay it.
func recorder(t *testing.T, g guest) func(mode string) []string {
	t.Helper()
	qemuImg, err := exec.LookPath("qemu-img")
	if err != nil {
		t.Skip("qemu-img is not installed")
	}
	dir := t.TempDir()
	disk := filepath.Join(dir, "disk.qcow2")
	out, err := exec.Command(qemuImg, "create", "-q", "-f", "qcow2", disk, "128M").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return func(mode string) []string {
		icount := fmt.Sprintf("shift=7,rr=%s,rrfile=%s,rrsnapshot=init", mode, filepath.Join(dir, "replay.bin"))
		// Without -no-shutdown, a replay ends with the "quit" that ended the
		// recording, sometimes before the stub has reported the stop at its end.
		return append([]string{"-S", "-no-shutdown", "-icount", icount, "-drive", "file=" + disk + ",if=none"}, g.args...)
	}
}

// instructions returns how many instructions were recorded or replayed so far.
func (p *process) instructions(ctx context.Context, t *testing.T) (count int64) {
	t.Helper()
	text, err := p.Monitor(ctx, "info replay")
	require.NoError(t, err)
	_, number, _ := strings.Cut(text, "instruction count = ")
	_, err = fmt.Sscan(number, &count)
	require.NoError(t, err, "%q", text)
	return count
}

func TestQEMUReverse(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("records and replays six machines")
	}
	forEachGuest(t, func(t *testing.T, g guest) {
		args := recorder(t, g)
		ctx := deadline(t)
		recorded := record(ctx, t, g, args("record"))

		p := start(t, g.target, args("replay")...)
		require.True(t, p.CanReverse())
		const steps = 10
		path := p.addresses(ctx, t, steps)
		for i, want := range slices.Backward(path) {
			stop, err := p.ReverseStep(ctx)
			require.NoError(t, err)
			assert.Equal(t, SigTrap, stop.Signal)
			assert.Equal(t, want, p.here(ctx, t))
			assert.Equal(t, int64(i), p.instructions(ctx, t))
		}
		_, err := p.ReverseStep(ctx)
		var refused *ErrorReply
		require.ErrorAs(t, err, &refused, "there is nothing before the start")

		assert.Equal(t, path, p.addresses(ctx, t, steps), "forward again")
		for _, address := range path {
			require.NoError(t, p.Break(ctx, address))
		}
		// Not to the end: there the log has the shutdown, which QEMU 7.2 takes
		// for the end of the way back, too.
		_, err = p.Monitor(ctx, fmt.Sprintf("replay_break %d", min(recorded/2, 100_000)))
		require.NoError(t, err)
		_, err = p.Continue(ctx) // or to a breakpoint that is met again
		require.NoError(t, err)
		reached := p.instructions(ctx, t)
		assert.Greater(t, reached, int64(steps))
		_, err = p.ReverseContinue(ctx)
		require.NoError(t, err)
		assert.Contains(t, path, p.here(ctx, t))
		assert.Less(t, p.instructions(ctx, t), reached)
	})
}

// record runs the machine for a moment and returns how many instructions it
// executed.
func record(ctx context.Context, t *testing.T, g guest, args []string) int64 {
	t.Helper()
	p := start(t, g.target, args...)
	skipOnBug(ctx, t, p, g.target)
	require.NoError(t, p.Resume(ctx))
	moment, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	if _, err := p.Wait(moment); err != nil {
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, p.Interrupt(ctx))
		_, err := p.Wait(ctx)
		require.NoError(t, err)
	}
	count := p.instructions(ctx, t)
	// Kill would do, but a log that ends without the event of a shutdown
	// makes some replays hang.
	_, _ = p.Monitor(ctx, "quit")
	<-p.ended
	return count
}

func skipOnBug(ctx context.Context, t *testing.T, p *process, target string) {
	t.Helper()
	bug, ok := reverseBugs[target]
	if !ok {
		return
	}
	version, err := p.Monitor(ctx, "info version")
	require.NoError(t, err)
	var major int
	_, err = fmt.Sscanf(version, "%d.", &major)
	require.NoError(t, err, "%q", version)
	if bug.before == 0 || major < bug.before {
		t.Skip(bug.text)
	}
}
