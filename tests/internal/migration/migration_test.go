package migration

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/machine"
	"github.com/qemutest/functional/qemutest/qmp"
)

// A destination with less memory refuses the state: both ends are heard, and
// over every transport the source is told.
func TestMigrateRefused(t *testing.T) {
	for _, transport := range Transports {
		t.Run(transport.Name, func(t *testing.T) {
			q := qemutest.New(t, "x86_64", qemutest.Machine("microvm"))
			destination := q.NamedVM("destination", "-nodefaults", "-m", "64", "-incoming", "defer").
				NoConsole().ExpectExit(machine.Exited)
			source := q.NamedVM("source", "-nodefaults", "-m", "128").NoConsole()
			destination.Launch()
			source.Launch()

			err := Migrate(q, source, destination, transport)
			t.Log(err)
			require.ErrorContains(t, err, "expected the destination to complete the migration")
			require.Contains(t, []string{"running", "postmigrate"}, runState(source), "the source survives")
		})
	}
}

// A source that is killed before it has sent all leaves the destination with half a
// state, which is an error of both.
func TestMigrateSourceLost(t *testing.T) {
	q := qemutest.New(t, "x86_64", qemutest.Machine("microvm"))
	destination := q.NamedVM("destination", "-nodefaults", "-incoming", "defer").
		NoConsole().ExpectExit(machine.Exited)
	source := q.NamedVM("source", "-nodefaults").NoConsole().ExpectExit(machine.Killed)
	destination.Launch()
	source.Launch()
	// The source stops before the last part and waits for the word to go on.
	source.QMP("migrate-set-capabilities", qemutest.Args{
		"capabilities": []qemutest.Args{{"capability": "pause-before-switchover", "state": true}},
	})
	lost := make(chan struct{})
	go func() {
		defer close(lost)
		// The wait can only fail together with Migrate.
		_, _, _ = source.Machine().QMP().WaitEvent(q.Context(), 0, qmp.With(qmp.Args{"status": "pre-switchover"}))
		source.Machine().Kill()
	}()
	err := Migrate(q, source, destination, Unix)
	<-lost
	t.Log(err)
	require.ErrorContains(t, err, "expected the source to complete the migration")
	require.ErrorContains(t, err, "expected the destination to complete the migration")
}
