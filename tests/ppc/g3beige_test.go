//go:build !qemu_select || qemu_ppc

package ppc

import (
	"testing"

	"github.com/qemutest/functional/qemutest"
)

// OpenBIOS knows every model of the 74xx family, by the names of their groups.
func TestPPC74xx(t *testing.T) {
	for _, test := range []struct{ cpu, cpuType string }{
		{"7400", "G4"},
		{"7410", "74xx"},
		{"7441", "G4"},
		{"7445", "G4"},
		{"7447", "G4"},
		{"7447a", "G4"},
		{"7448", "MPC86xx"},
		{"7450", "G4"},
		{"7451", "G4"},
		{"7455", "G4"},
		{"7457", "G4"},
		{"7457a", "G4"},
	} {
		t.Run(test.cpu, func(t *testing.T) {
			q := qemutest.New(t, "ppc",
				qemutest.Accel("tcg"),
				qemutest.Machine("g3beige"),
				qemutest.CPU(test.cpu))

			vm := q.VM()
			vm.Launch()
			vm.WaitFor(">> OpenBIOS")
			vm.WaitForRegexp(`>> CPU type PowerPC,` + test.cpuType + `\s`)
		})
	}
}
