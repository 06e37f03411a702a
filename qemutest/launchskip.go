package qemutest

import (
	"errors"
	"strings"

	"github.com/qemutest/functional/qemutest/machine"
)

// LaunchOrSkip is [VM.Launch] for a machine with something that not every QEMU
// is built with, or not every host can serve: it skips the test if QEMU says one
// of these texts when it fails to start.
func (vm *VM) LaunchOrSkip(texts ...string) {
	vm.test.t.Helper()
	err := vm.TryLaunch()
	var failure *machine.LaunchError
	if errors.As(err, &failure) {
		for _, text := range texts {
			if strings.Contains(failure.Output, text) {
				vm.test.Skip(KindFeature, "this QEMU or this host lacks something: %s", text)
			}
		}
	}
	vm.test.Check(err)
}
