package generic

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/machine"
	"github.com/qemutest/functional/tests/internal/targets"
)

// eachTarget runs a test for the emulator of every selected target.
func eachTarget(t *testing.T, test func(t *testing.T, target string)) {
	for _, target := range targets.Selected() {
		t.Run(target, func(t *testing.T) { test(t, target) })
	}
}

func TestGenericVersion(t *testing.T) {
	eachTarget(t, func(t *testing.T, target string) {
		q := qemutest.New(t, target, qemutest.Machine("none"))
		vm := q.VM("-nodefaults")
		vm.Launch()
		require.Regexp(t, `^\d+\.\d+\.\d+`, vm.HMP("info version"))
	})
}

func TestGenericEmptyCPUModel(t *testing.T) {
	eachTarget(t, func(t *testing.T, target string) {
		q := qemutest.New(t, target, qemutest.Machine("none"))
		vm := q.VM("-S", "-cpu", "")
		var failure *machine.LaunchError
		require.ErrorAs(t, vm.TryLaunch(), &failure)
		require.Equal(t, machine.Exited, failure.How.Kind)
		require.Equal(t, 1, failure.How.Status)
		require.Contains(t, failure.Output, "-cpu option cannot be empty")
	})
}

// A forward of host port 0 gets a port that QEMU chose, and QEMU tells it.
func TestGenericInfoUsernet(t *testing.T) {
	eachTarget(t, func(t *testing.T, target string) {
		q := qemutest.New(t, target, qemutest.Machine("none"), qemutest.Netdev("user"))
		vm := q.VM("-netdev", "user,id=vnet,hostfwd=tcp:127.0.0.1:0-:22")
		vm.Launch()
		require.Positive(t, vm.HostForward(22))
	})
}
