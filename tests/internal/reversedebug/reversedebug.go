// Package reversedebug records a guest and goes back and forth in its replay with
// the debugger.
package reversedebug

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/gdb"
	"github.com/qemutest/functional/qemutest/replay"
	"github.com/qemutest/functional/tests/internal/recordreplay"
)

// Guest is a machine whose execution is recorded.
type Guest struct {
	Machine string
	// Shift sets how long an instruction takes: 2^Shift ns (-icount).
	Shift int
	// CodeBase is the address where the segment begins that the guest executes.
	// The program counter of x86 is an offset in it; breakpoints are not.
	CodeBase uint64
	// Args follow the arguments that record.
	Args func(q *qemutest.Test) []string
	// Requirements are what else the test needs.
	Requirements []qemutest.Requirement
}

const (
	// steps is how many instructions are stepped back and forth.
	steps = 10
	// minimum is how many instructions the replay must have at least.
	minimum = 4 * steps
)

// Run records the first instructions of a guest and replays them: it steps
// forward, back, and forward again, which must lead along the same addresses;
// sets breakpoints there, runs on into the recording, and must come back
// to the last breakpoint by continuing in reverse.
func Run(t *testing.T, target string, guest Guest) {
	q := qemutest.New(t, target, append(guest.Requirements,
		qemutest.Machine(guest.Machine),
		qemutest.Accel("tcg"))...)

	end := guest.record(q)

	vm := q.NamedVM("replay", append(guest.args(q, "replay"), "-S")...).EnableGDB()
	vm.Launch()
	debugger := vm.GDB()
	require.True(t, debugger.CanReverse(), "QEMU offers reverse debugging")

	s := session{t, q, debugger, guest.CodeBase}
	path := s.stepForward(steps)
	s.stepBack(path)
	require.Equal(t, path, s.stepForward(steps), "the second way forward")
	s.reverseToLastBreakpoint(vm, path, end)
}

// disk is where the snapshot is kept that going back begins at.
func disk(q *qemutest.Test) string { return q.Scratch("disk.qcow2") }

func log(q *qemutest.Test) string { return q.Scratch("replay.bin") }

// args returns the arguments for QEMU that record or replay the guest.
func (g Guest) args(q *qemutest.Test, mode string) []string {
	list := recordreplay.Args(mode, g.Shift, log(q), "rrsnapshot=init")
	// Without -no-shutdown, firmware that finds nothing to boot may end the
	// recording, and the "quit" at the end of the recording the replay,
	// sometimes before the stub has reported the stop there.
	list = append(list, "-no-shutdown", "-drive", "file="+disk(q)+",if=none")
	if g.Args != nil {
		list = append(list, g.Args(q)...)
	}
	return list
}

// record records the guest for more than minimum instructions, and returns
// after how many the replay meets the end. That is at the event before the
// "quit", and may be too early: at the first instruction, when the guest had not
// asked for the time yet, nor anything else come from outside. There is no
// command that makes QEMU note down how far it is, so such a guest is recorded
// again.
func (g Guest) record(q *qemutest.Test) (end int64) {
	for try := 1; end <= minimum; try++ {
		q.Tool("qemu-img", "create", "-f", "qcow2", disk(q), "128M")
		vm := q.NamedVM(fmt.Sprintf("record%d", try), g.args(q, "record")...)
		vm.Launch()
		// QEMU has no event for it; each round trip over the monitor takes about
		// as long as many instructions.
		var instructions int64
		for instructions <= minimum {
			instructions = replayed(vm)
		}
		vm.Shutdown()
		summary, err := replay.ReadFile(log(q))
		q.Check(err)
		end = summary.FirstShutdown
		q.Logf("executed %d instructions, and can replay %d", instructions, end)
	}
	return end
}

// replayed returns how many instructions were recorded or replayed.
func replayed(vm *qemutest.VM) int64 {
	instructions, err := recordreplay.Instructions(vm.Test().Context(), vm)
	vm.Test().Check(err)
	return instructions
}

// session is a debugger that looks at a replay.
type session struct {
	t        *testing.T
	q        *qemutest.Test
	debugger *gdb.Client
	codeBase uint64
}

// stepForward executes n instructions and returns their addresses.
func (s *session) stepForward(n int) (path []uint64) {
	s.t.Helper()
	for range n {
		path = append(path, s.pc())
		_, err := s.debugger.Step(s.q.Context())
		require.NoError(s.t, err)
	}
	s.q.Logf("forward along %#x", path)
	return path
}

// stepBack undoes the instructions of path, the last one first.
func (s *session) stepBack(path []uint64) {
	s.t.Helper()
	for i, address := range slices.Backward(path) {
		_, err := s.debugger.ReverseStep(s.q.Context())
		require.NoError(s.t, err)
		require.Equal(s.t, address, s.pc(), "after the reverse step to instruction %d", i)
	}
}

// reverseToLastBreakpoint sets a breakpoint at each address of path, runs to
// the middle of the recording or a breakpoint, and continues in reverse, which
// must stop at the last instruction of path that was executed before. Close to
// the end, the shutdown that ended the recording might interrupt the way back.
func (s *session) reverseToLastBreakpoint(vm *qemutest.VM, path []uint64, end int64) {
	s.t.Helper()
	for _, address := range slices.Compact(slices.Sorted(slices.Values(path))) {
		require.NoError(s.t, s.debugger.Break(s.q.Context(), s.codeBase+address))
	}
	vm.QMP("replay-break", qemutest.Args{"icount": end / 2})
	stop, err := s.debugger.Continue(s.q.Context())
	require.NoError(s.t, err)
	at := replayed(vm)
	s.q.Logf("stopped at instruction %d of %d: %v", at, end, stop)
	require.Greater(s.t, at, int64(steps), "the machine went on")

	_, err = s.debugger.ReverseContinue(s.q.Context())
	require.NoError(s.t, err)
	assert.Equal(s.t, path[len(path)-1], s.pc(), "after continuing in reverse")
	assert.Less(s.t, replayed(vm), at)
}

func (s *session) pc() uint64 {
	s.t.Helper()
	pc, err := s.debugger.PC(s.q.Context())
	require.NoError(s.t, err)
	return pc
}
