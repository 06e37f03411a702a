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

	"github.com/qemutest/functional/qemutest/replay"
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

// A recording is a guest that is recorded and replayed.
type recording struct {
	guest
	disk, log string
}

func newRecording(t *testing.T, g guest) *recording {
	t.Helper()
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Skip("qemu-img is not installed")
	}
	dir := t.TempDir()
	return &recording{g, filepath.Join(dir, "disk.qcow2"), filepath.Join(dir, "replay.bin")}
}

// args returns the arguments to record the guest, or to replay it.
func (r *recording) args(mode string) []string {
	icount := fmt.Sprintf("shift=7,rr=%s,rrfile=%s,rrsnapshot=init", mode, r.log)
	// Without -no-shutdown, a replay ends with the "quit" that ended the
	// recording, sometimes before the stub has reported the stop at its end.
	return append([]string{"-S", "-no-shutdown", "-icount", icount, "-drive", "file=" + r.disk + ",if=none"}, r.guest.args...)
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
		r := newRecording(t, g)
		ctx := deadline(t)
		recorded := r.record(ctx, t)

		p := start(t, g.target, r.args("replay")...)
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

// minimum is how many instructions a replay must have.
const minimum = 1000

// record records the guest, and returns how many instructions a replay has. That
// is up to the event before the "quit" that ends the recording, and may be
// too few where the host is busy, or the guest's events are rare: then it is
// recorded again.
func (r *recording) record(ctx context.Context, t *testing.T) int64 {
	t.Helper()
	for {
		out, err := exec.Command("qemu-img", "create", "-q", "-f", "qcow2", r.disk, "128M").CombinedOutput()
		require.NoError(t, err, "%s", out)
		executed := r.recordOnce(ctx, t)
		summary, err := replay.ReadFile(r.log)
		require.NoError(t, err)
		if summary.FirstShutdown > minimum {
			return summary.FirstShutdown
		}
		t.Logf("executed %d instructions, but can replay only %d", executed, summary.FirstShutdown)
	}
}

// recordOnce runs the machine for a moment, and for longer than minimum, and
// returns how many instructions it executed.
func (r *recording) recordOnce(ctx context.Context, t *testing.T) (executed int64) {
	t.Helper()
	p := start(t, r.target, r.args("record")...)
	skipOnBug(ctx, t, p, r.target)
	for executed <= minimum {
		require.NoError(t, p.Resume(ctx))
		moment, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		_, err := p.Wait(moment)
		cancel()
		if err != nil {
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NoError(t, p.Interrupt(ctx))
			_, err := p.Wait(ctx)
			require.NoError(t, err)
		}
		executed = p.instructions(ctx, t)
	}
	// Kill would do, but a log that ends without the event of a shutdown
	// makes some replays hang.
	_, _ = p.Monitor(ctx, "quit")
	<-p.ended
	return executed
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
