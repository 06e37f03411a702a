//go:build !qemu_select || qemu_ppc

package ppc

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

var ppe42Instructions = asset.New(
	"https://github.com/milesg-github/ppe42-tests/raw/refs/heads/main/images/ppe42-test.out",
	"03c1ac0fb7f6c025102a02776a93b35101dae7c14b75e4eab36a337e39042ea8")

// The image tries the instructions of the PPE42 one after another. It has no
// console: it ends in a loop at one address if all of them did what they
// should, and in a checkstop, which the machine reports as a panic, if not.
func TestPPCPPE42Instructions(t *testing.T) {
	const (
		start  = "0xfff80040"
		passed = 0xfff80200
	)
	q := qemutest.New(t, "ppc",
		qemutest.Machine("ppe42_machine"),
		qemutest.Accel("tcg"),
		qemutest.Assets(ppe42Instructions))

	vm := q.VM("-S",
		"-device", "loader,file="+q.Fetch(ppe42Instructions),
		"-device", "loader,addr="+start+",cpu-num=0",
		"-action", "panic=pause").NoConsole().EnableGDB()
	vm.Launch()
	debugger := vm.GDB()
	require.NoError(t, debugger.Break(q.Context(), passed))
	stop, err := debugger.Continue(q.Context())
	require.NoError(t, err)
	pc, err := debugger.PC(q.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(passed), pc, "where the image ended (%v)", stop)
}
