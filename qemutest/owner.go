package qemutest

// Test returns the test that the machine belongs to, so that a function which
// works on a machine needs no second parameter.
func (vm *VM) Test() *Test { return vm.test }
