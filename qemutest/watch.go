package qemutest

import (
	"slices"

	"github.com/qemutest/functional/console"
)

// watched are the texts that fail a test whenever a console prints them,
// whether or not the test waits for something then: the guest has given up.
var watched = []string{
	"Kernel panic - not syncing",               // Linux
	"### ERROR ### Please RESET the board ###", // U-Boot
	"ASSERT_EFI_ERROR",                         // UEFI (EDK II)
}

// ExpectConsole says that a text which would fail the test whenever the guest
// prints it, such as "Kernel panic - not syncing", is what the test wants to
// see.
func (vm *VM) ExpectConsole(text string) *VM {
	vm.test.t.Helper()
	vm.describe()
	vm.expectedTexts = append(vm.expectedTexts, text)
	return vm
}

// failureTexts returns the texts that fail the test.
func (vm *VM) failureTexts() []console.Pattern {
	return texts(slices.DeleteFunc(slices.Clone(watched), func(text string) bool {
		return slices.Contains(vm.expectedTexts, text)
	}))
}
