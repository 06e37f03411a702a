package qemutest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/machine"
)

// A wrapper that takes its time is too slow for a short limit, and not on a
// host that is told to be slow.
func TestLimits(t *testing.T) {
	limits := machine.Limits{Launch: 200 * time.Millisecond}
	launch := func(t *testing.T) error {
		q := newX86(t, qemutest.Machine("none"), qemutest.Serial())
		return q.VM().SetWrapper("/bin/sh", "-c", `sleep 1; exec "$0" "$@"`).SetLimits(limits).TryLaunch()
	}
	t.Run("as they are", func(t *testing.T) {
		require.ErrorContains(t, launch(t), "QEMU did not greet on QMP within 200ms")
	})
	t.Run("scaled", func(t *testing.T) {
		t.Setenv("QEMU_TEST_TIMEOUT_SCALE", "300")
		require.NoError(t, launch(t))
	})
	t.Run("not below", func(t *testing.T) {
		t.Setenv("QEMU_TEST_TIMEOUT_SCALE", "0.5")
		require.ErrorContains(t, launch(t), "QEMU did not greet on QMP within 200ms")
	})
}

func TestEnv(t *testing.T) {
	q := newX86(t, qemutest.Machine("none"))
	vm := q.VM().SetWrapper("/bin/sh", "-c", `echo "$FIRST, $SECOND"; exec "$0" "$@"`).SetEnv("FIRST=one").SetEnv("SECOND=two words")
	vm.Launch()
	assert.Contains(t, vm.Output(), "one, two words\n")
}
