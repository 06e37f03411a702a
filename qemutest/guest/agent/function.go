//go:build linux

package agent

import (
	"fmt"
	"os"
)

// functionVariable names the function that this process is to run instead of
// the agent.
const functionVariable = "QEMUTEST_AGENT_FUNC"

var functions = map[string]func(){}

// Register makes a function known that the host can call by its name, in a
// process of its own: arguments are in [os.Args] from 1 on, and [os.Exit] sets
// the exit status. A name that is taken is a mistake, and panics.
func Register(name string, f func()) {
	if _, taken := functions[name]; taken || name == "" {
		panic(fmt.Sprintf("agent: expected a new name for a function, got %q", name))
	}
	functions[name] = f
}

// runFunction runs the function that this process was started for, if it was,
// and ends the process.
func runFunction() {
	name, found := os.LookupEnv(functionVariable)
	if !found {
		return
	}
	_ = os.Unsetenv(functionVariable)
	f := functions[name]
	if f == nil {
		fmt.Fprintf(os.Stderr, "agent: expected the name of a registered function, got %q\n", name)
		os.Exit(127)
	}
	f()
	os.Exit(0)
}
