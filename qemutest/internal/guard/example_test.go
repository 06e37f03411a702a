package guard_test

import (
	"fmt"
	"os"
	"os/exec"

	"github.com/qemutest/functional/qemutest/internal/guard"
)

func ExampleStart() {
	cmd := exec.Command("/bin/sh", "-c", "echo hello; exit 3")
	cmd.Stdout = os.Stdout
	process, err := guard.Start(cmd)
	if err != nil {
		fmt.Println(err)
		return
	}
	status, err := process.Wait()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("status", status.ExitStatus())
	// Output:
	// hello
	// status 3
}

func ExampleDir() {
	dir, err := os.MkdirTemp("", "sockets-")
	if err != nil {
		fmt.Println(err)
		return
	}
	release, err := guard.Dir(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	// If this process were killed here, the directory would go too.
	_ = os.RemoveAll(dir)
	release()
	// Output:
}
