package qemutest

import (
	"encoding/json"

	"github.com/qemutest/functional/qemutest/qmp"
)

// Args are the arguments of a QMP command, or a part of an event's data.
type Args = qmp.Args

// QMP executes a QMP command and returns its return value. An error reply fails
// the test.
func (vm *VM) QMP(command string, args ...Args) json.RawMessage {
	vm.test.t.Helper()
	value, err := vm.TryQMP(command, args...)
	if err != nil {
		vm.fail(err)
	}
	return value
}

// TryQMP is [VM.QMP] for tests that examine the error reply, a [*qmp.Error].
func (vm *VM) TryQMP(command string, args ...Args) (json.RawMessage, error) {
	vm.test.t.Helper()
	return vm.monitor().Execute(vm.test.ctx, command, merge(args))
}

// Query executes a QMP command and decodes its return value into a T. It fails
// the test when the reply is an error or does not fit.
func Query[T any](vm *VM, command string, args ...Args) T {
	vm.test.t.Helper()
	value, err := qmp.Call[T](vm.test.ctx, vm.monitor(), command, merge(args))
	if err != nil {
		vm.fail(err)
	}
	return value
}

// HMP executes a command of the human monitor and returns what it prints.
func (vm *VM) HMP(command string) string {
	vm.test.t.Helper()
	text, err := vm.monitor().HMP(vm.test.ctx, command)
	if err != nil {
		vm.fail(err)
	}
	return text
}

// WaitForEvent waits for a QMP event whose data contain match, if it is given.
// Events are kept from launch on: a wait sees what already happened, after the
// event that the wait before it found.
func (vm *VM) WaitForEvent(name string, match ...Args) qmp.Event {
	vm.test.t.Helper()
	matchers := []qmp.Matcher{qmp.Named(name)}
	for _, m := range match {
		matchers = append(matchers, qmp.With(m))
	}
	return vm.waitForEvent(qmp.AllOf(matchers...))
}

// WaitForAnyEvent is [VM.WaitForEvent] for the first event that one of the
// matchers accepts:
//
//	event := vm.WaitForAnyEvent(
//		qmp.AllOf(qmp.Named("BLOCK_JOB_COMPLETED"), qmp.With(qemutest.Args{"device": "drive0"})),
//		qmp.Named("BLOCK_JOB_ERROR", "SHUTDOWN"))
func (vm *VM) WaitForAnyEvent(first qmp.Matcher, others ...qmp.Matcher) qmp.Event {
	vm.test.t.Helper()
	return vm.waitForEvent(qmp.AnyOf(append([]qmp.Matcher{first}, others...)...))
}

func (vm *VM) waitForEvent(matcher qmp.Matcher) qmp.Event {
	vm.test.t.Helper()
	client := vm.monitor()
	defer vm.waiting()()
	event, next, err := client.WaitEvent(vm.test.ctx, vm.events, matcher)
	if err != nil {
		vm.fail(err)
	}
	vm.events = next
	vm.step("event %s %s", event.Name, event.Data)
	return event
}

// Events returns the QMP events since the one that the last wait for an event
// found, or since launch: for a test that none of them should be there. They
// are not taken from the next wait. Of those before the last 65,536, none is kept.
func (vm *VM) Events() []qmp.Event {
	vm.test.t.Helper()
	return vm.monitor().Events(vm.events)
}

// eventCursor is where the next wait for an event begins.
type eventCursor = qmp.Cursor

func (vm *VM) monitor() *qmp.Client {
	vm.test.t.Helper()
	client := vm.Machine().QMP()
	if client == nil {
		vm.test.t.Fatalf("machine %q has no monitor: it was described with NoMonitor", vm.Name())
	}
	return client
}

// merge joins optional arguments; nil means a command without arguments.
func merge(list []Args) any {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	all := Args{}
	for _, args := range list {
		for name, value := range args {
			all[name] = value
		}
	}
	return all
}
