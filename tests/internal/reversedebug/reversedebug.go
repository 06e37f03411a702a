// Package reversedebug records a guest and goes back and forth in its replay with
// the debugger.
package reversedebug

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/gdb"
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

// steps is how many instructions are stepped back and forth.
const steps = 10

// Run records the first instructions of a guest and replays them: it steps
// forward, back, and forward again, which must lead along the same addresses;
// sets breakpoints there, runs on into the recording, and must come back
// to the last breakpoint by continuing in reverse.
func Run(t *testing.T, target string, guest Guest) {
	q := qemutest.New(t, target, append(guest.Requirements,
		qemutest.Machine(guest.Machine),
		qemutest.Accel("tcg"))...)

	disk := q.Scratch("disk.qcow2")
	q.Tool("qemu-img", "create", "-f", "qcow2", disk, "128M")
	args := func(mode string) []string {
		list := recordreplay.Args(mode, guest.Shift, q.Scratch("replay.bin"), "rrsnapshot=init")
		// Without -no-shutdown, firmware that finds nothing to boot may end the
		// recording, and the "quit" at the end of the recording the replay,
		// sometimes before the stub has reported the stop there.
		list = append(list, "-no-shutdown", "-drive", "file="+disk+",if=none")
		if guest.Args != nil {
			list = append(list, guest.Args(q)...)
		}
		return list
	}
	end := record(q, args("record"))

	vm := q.NamedVM("replay", append(args("replay"), "-S")...).EnableGDB()
	vm.Launch()
	debugger := vm.GDB()
	require.True(t, debugger.CanReverse(), "QEMU offers reverse debugging")

	s := session{t, q, debugger, guest.CodeBase}
	path := s.stepForward(steps)
	s.stepBack(path)
	require.Equal(t, path, s.stepForward(steps), "the second way forward")
	s.reverseToLastBreakpoint(vm, path, end)
}

// record runs the guest for several times the steps that are replayed, and
// returns how many instructions were recorded.
func record(q *qemutest.Test, args []string) (instructions int64) {
	vm := q.NamedVM("record", args...)
	vm.Launch()
	// QEMU has no event for it; each round trip over the monitor takes about
	// as long as many instructions.
	for instructions <= 4*steps {
		instructions = replayed(vm)
	}
	vm.Shutdown()
	return instructions
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
