package qemutest

import (
	"fmt"
	"os"

	"github.com/qemutest/functional/qemutest/gdb"
)

// EnableGDB connects QEMU's gdbstub, for [VM.GDB].
func (vm *VM) EnableGDB() *VM {
	vm.test.t.Helper()
	vm.describe()
	vm.config.GDB = true
	return vm
}

// GDB returns a client of QEMU's gdbstub, which stops the guest at the first
// call: registers, memory, breakpoints, steps. The machine must have been
// described with [VM.EnableGDB]. The traffic is in gdb.log.
func (vm *VM) GDB() *gdb.Client {
	vm.test.t.Helper()
	if vm.debugger != nil {
		return vm.debugger
	}
	conn := vm.Machine().GDB()
	if conn == nil {
		vm.test.t.Fatalf("machine %q has no gdbstub: describe it with EnableGDB", vm.Name())
	}
	log, err := os.Create(vm.test.Log(vm.logName("gdb.log")))
	if err != nil {
		vm.test.t.Fatal(err)
	}
	vm.test.t.Cleanup(func() { log.Close() })
	client, err := gdb.NewClient(vm.test.ctx, conn, gdb.Options{Log: log, Ended: vm.ended})
	if err != nil {
		vm.fail(fmt.Errorf("connecting to the gdbstub: %w", err))
	}
	vm.debugger = client
	return client
}

// ended returns how the machine ended, nil while it runs.
func (vm *VM) ended() error {
	if exit, ended := vm.awaitEnd(); ended {
		return fmt.Errorf("%s", exit)
	}
	return nil
}

// logName returns the name of one of the machine's logs.
func (vm *VM) logName(name string) string {
	if vm.Name() == "default" {
		return name
	}
	return vm.Name() + "-" + name
}
