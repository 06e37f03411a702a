package qemutest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/qmp"
)

// Waits find one event after the other, the first of several kinds as well, and
// a look at all of them takes none away.
func TestWaitForEvents(t *testing.T) {
	vm := newX86(t, qemutest.Machine("q35")).VM("-nodefaults")
	vm.Launch()
	for range 2 {
		vm.QMP("stop")
		vm.QMP("cont")
	}
	names := func() (list []string) {
		for _, event := range vm.Events() {
			if event.Name == "STOP" || event.Name == "RESUME" {
				list = append(list, event.Name)
			}
		}
		return list
	}
	require.Subset(t, names(), []string{"STOP", "RESUME"})
	vm.WaitForEvent("STOP")
	require.Equal(t, []string{"RESUME", "STOP", "RESUME"}, names())
	assert.Equal(t, "RESUME", vm.WaitForAnyEvent(qmp.Named("STOP"), qmp.Named("RESUME")).Name)
	assert.Equal(t, "STOP", vm.WaitForAnyEvent(qmp.Named("RESET"), qmp.Named("RESUME", "STOP")).Name)
	require.Equal(t, []string{"RESUME"}, names())

	vm.QMP("system_reset")
	event := vm.WaitForAnyEvent(
		qmp.AllOf(qmp.Named("RESET"), qmp.With(qemutest.Args{"guest": true})),
		qmp.AllOf(qmp.Named("RESET"), qmp.With(qemutest.Args{"guest": false})))
	assert.Equal(t, "RESET", event.Name)
	assert.Empty(t, names())
}
