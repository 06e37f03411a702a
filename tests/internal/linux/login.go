package linux

import (
	"cmp"

	"github.com/qemutest/functional/qemutest"
)

// A Login is what a guest asks for before it gives a shell. The zero value is
// root without a password, up to a prompt that ends in "#".
type Login struct {
	Prompt   string // what asks for the user; "login:" if empty
	User     string // "root" if empty
	Password string // "" if the guest asks for none
	Shell    string // prompt of the shell; "#" if empty
}

// Run waits until the guest asks for a user, and logs in, up to the prompt of
// the shell.
func (l Login) Run(vm *qemutest.VM) {
	user, shell := cmp.Or(l.User, "root"), cmp.Or(l.Shell, "#")
	vm.WaitFor(cmp.Or(l.Prompt, "login:"))
	if l.Password == "" {
		vm.Exec(user, shell, "Login incorrect")
		return
	}
	vm.Exec(user, "assword:")
	// A password has no echo, so what comes after it is the answer.
	vm.SendLine(l.Password)
	vm.WaitFor(shell, "Login incorrect")
}
