// Package machines starts machine types without a guest.
package machines

import (
	"errors"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/machine"
)

// Exceptions name the machine types that cannot start with nothing but what
// QEMU brings along, and what QEMU says then, as a regular expression: firmware
// that may not be distributed, a kernel or a medium that the board insists on.
type Exceptions map[string]string

// StartAll starts every machine type that the target's emulator lists, paused
// before its first instruction, as far as the monitor answers, and ends it.
// A machine type that starts in spite of an exception passes: versions of QEMU
// and installed firmware differ.
func StartAll(t *testing.T, target string, exceptions Exceptions) {
	for _, name := range qemutest.MachineTypes(t, target) {
		t.Run(name, func(t *testing.T) {
			q := qemutest.New(t, target, qemutest.Machine(name))
			vm := q.VM("-S")
			if q.Capabilities().Version.AtLeast(8, 2) {
				// Without a sound card on the host, q800 crashes QEMU 10.0.
				vm.AddArgs("-audio", "none")
			}
			err := vm.TryLaunch()
			if reason, ok := exceptions[name]; ok && err != nil {
				requireReason(t, err, reason)
				q.Skip(qemutest.KindFirmware, "%s needs more than QEMU brings along: %s", name, reason)
			}
			q.Check(err)

			type statusInfo struct {
				Running bool   `json:"running"`
				Status  string `json:"status"`
			}
			require.Equal(t, statusInfo{Status: "prelaunch"}, qemutest.Query[statusInfo](vm, "query-status"))
			require.Equal(t, machine.Quit, vm.Shutdown().Kind)
		})
	}
}

// requireReason checks that a machine type failed to start for the reason that
// is known of it, and not, say, by a crash.
func requireReason(t *testing.T, err error, reason string) {
	t.Helper()
	var failure *machine.LaunchError
	require.True(t, errors.As(err, &failure), "%v", err)
	require.Equal(t, machine.Exited, failure.How.Kind, "%v", err)
	require.Regexp(t, regexp.MustCompile(reason), failure.Output)
}

// ArmExceptions are those of the 32-bit Arm machines, which the emulators of arm
// and aarch64 both have.
var ArmExceptions = Exceptions{
	"canon-a1100": `Couldn't find rom image`,
	"cheetah":     `Kernel or ROM image must be specified`,
	"connex":      `A flash image must be given`,
	"sx1":         `Kernel or Flash image must be specified`,
	"sx1-v1":      `Kernel or Flash image must be specified`,
	"verdex":      `A flash image must be given`,
}
