package linux

import (
	"fmt"

	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/qemutest"
)

// Run executes a command at the guest's shell, whichever shell and prompt that
// is, and fails the test if the command does, or if it prints one of the failure
// texts. The Before of the match is what the command wrote.
func Run(vm *qemutest.VM, command string, failures ...string) console.Match {
	wait := console.Wait{Success: []console.Pattern{console.Regexp(`exit status (\d+)\s`)}}
	for _, text := range failures {
		wait.Failure = append(wait.Failure, console.Text(text))
	}
	// The quotes keep the echo of the command from looking like its output.
	match := vm.ExecWait(command+"; echo exit' 'status $?", wait)
	if status := match.Submatches[1]; status != "0" {
		vm.Test().Check(fmt.Errorf("expected the guest's %q to succeed, but it ended with exit status %s and wrote:\n%s",
			command, status, match.Before))
	}
	return match
}
