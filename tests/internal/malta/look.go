package malta

import (
	"fmt"
	"strings"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

// Look executes a command at the guest's shell and expects a text in what it
// writes.
func Look(vm *qemutest.VM, command, text string) {
	output := linux.Run(vm, command).Before
	if !strings.Contains(output, text) {
		vm.Test().Check(fmt.Errorf("expected the output of %q to contain %q, it is:\n%s", command, text, output))
	}
}
