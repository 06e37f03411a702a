package migration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/qmp"
)

// Machine is the machine that migrates.
type Machine struct {
	// Type is the machine type (-machine).
	Type string
	// RAM is the physical address at which the machine's memory begins.
	RAM uint64
}

// Test migrates a machine over each of the [Transports], in a subtest of its
// own.
func Test(t *testing.T, target string, machine Machine, requirements ...qemutest.Requirement) {
	requirements = append([]qemutest.Requirement{
		qemutest.Machine(machine.Type),
		qemutest.Device("loader"),
	}, requirements...)
	for _, transport := range Transports {
		t.Run(transport.Name, func(t *testing.T) {
			q := qemutest.New(t, target, requirements...)
			mark := mark{address: machine.RAM + markOffset}
			destination := q.NamedVM("destination", "-nodefaults", "-incoming", "defer").NoConsole()
			source := q.NamedVM("source", "-nodefaults", "-device", mark.loader()).NoConsole()
			destination.Launch()
			source.Launch()
			written := mark.read(source)
			require.NotEqual(t, written, mark.read(destination), "the mark must come from the source")

			q.Check(Migrate(q, source, destination, transport))

			destination.WaitForEvent("RESUME")
			require.Equal(t, "running", runState(destination))
			require.Equal(t, "postmigrate", stoppedState(source))
			require.Equal(t, written, mark.read(destination), "the destination has the source's memory")
		})
	}
}

// Migrate migrates the source to the destination, which was started with
// "-incoming defer", and returns when both say that they have completed. The
// error says what each of the two has to say if not. A command that a QEMU
// refuses ends the test.
func Migrate(q *qemutest.Test, source, destination *qemutest.VM, transport Transport) error {
	ends := []*qemutest.VM{source, destination}
	var cursors []qmp.Cursor
	for _, vm := range ends {
		vm.QMP("migrate-set-capabilities", qemutest.Args{
			"capabilities": []qemutest.Args{{"capability": "events", "state": true}},
		})
		cursors = append(cursors, vm.Machine().QMP().Cursor())
	}
	uri, err := transport.listen(q, source, destination)
	if err != nil {
		return err
	}
	source.QMP("migrate", qemutest.Args{"uri": uri})

	ctx, cancel := context.WithCancelCause(q.Context())
	defer cancel(nil)
	results := make(chan error, len(ends))
	for i, vm := range ends {
		client := vm.Machine().QMP()
		go func() { results <- completed(ctx, vm.Name(), client, cursors[i]) }()
	}
	first := <-results
	if first != nil {
		// The other end finds out by itself, as a rule.
		timer := time.AfterFunc(failureGrace, func() { cancel(errOtherEnd) })
		defer timer.Stop()
	}
	return errors.Join(first, <-results)
}

// failureGrace is how long the one end has to notice that the other has
// failed, so that both can be heard.
const failureGrace = 5 * time.Second

var errOtherEnd = fmt.Errorf("the other end failed %v ago", failureGrace)

// completed waits until one end of a migration has an outcome, and returns an
// error if that is not success. It reads events from the given place on.
func completed(ctx context.Context, name string, client *qmp.Client, from qmp.Cursor) error {
	event, _, err := client.WaitEvent(ctx, from, qmp.Named("MIGRATION"), qmp.AnyOf(
		qmp.With(qmp.Args{"status": "completed"}),
		qmp.With(qmp.Args{"status": "failed"}),
		qmp.With(qmp.Args{"status": "cancelled"})))
	if err != nil {
		return fmt.Errorf("expected the %s to complete the migration: %w", name, err)
	}
	var outcome struct{ Status string }
	if err := event.Decode(&outcome); err != nil {
		return err
	}
	if outcome.Status == "completed" {
		return nil
	}
	return fmt.Errorf("expected the %s to complete the migration, it %s: %w", name, outcome.Status, reason(ctx, client))
}

// reason returns why a migration failed: what QEMU says, or how it ended. A
// destination exits when it can't use the state.
func reason(ctx context.Context, client *qmp.Client) error {
	info, err := qmp.Call[struct {
		Reason string `json:"error-desc"`
	}](ctx, client, "query-migrate", nil)
	if err != nil {
		return err
	}
	if info.Reason == "" {
		return errors.New("QEMU gives no reason")
	}
	return errors.New(info.Reason)
}

func runState(vm *qemutest.VM) string {
	return qemutest.Query[struct {
		Status string `json:"status"`
	}](vm, "query-status").Status
}

// stoppedState returns the run state of a source that has completed. QEMU
// leaves the state finish-migrate a moment after it has reported completion,
// and no event tells when. It needs the lock for that which every query takes
// too, so a query or two are enough.
func stoppedState(source *qemutest.VM) string {
	for {
		if state := runState(source); state != "finish-migrate" {
			return state
		}
	}
}

// markOffset is where the mark lies in memory: clear of where firmware of the
// machines at hand is loaded, works or clears memory, also after seconds.
const markOffset = 4 << 20

// mark is a pattern that the loader device writes into the source's memory when
// the machine is reset. The device itself does not migrate, so the destination
// can be without it.
type mark struct{ address uint64 }

func (m mark) loader() string {
	return fmt.Sprintf("loader,addr=%#x,data=0x6d69677261746564,data-len=8", m.address)
}

// read returns the bytes at the place of the mark.
func (m mark) read(vm *qemutest.VM) string {
	text := strings.Fields(vm.HMP(fmt.Sprintf("xp /8xb %#x", m.address)))
	return strings.Join(slices.DeleteFunc(text, func(s string) bool { return strings.HasSuffix(s, ":") }), " ")
}
