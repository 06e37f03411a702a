package runner_test

import (
	"fmt"
	"os"

	"github.com/qemutest/functional/qemutest/internal/runner"
)

func ExampleFind() {
	runners := runner.Find() // at the start of the process
	go func() {
		if p, ok := runners.Wait(); ok {
			fmt.Fprintf(os.Stderr, "%s (process %d) is gone\n", p.Name, p.PID)
			os.Exit(1)
		}
	}()
	// Output:
}
