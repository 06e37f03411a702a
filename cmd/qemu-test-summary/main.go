// Command qemu-test-summary closes a run of the functional tests: it counts
// what ran, lists what was skipped, by kind and reason, and says where the logs
// of failed tests are.
//
//	go test -json ./tests/... > run.json
//	go run github.com/qemutest/functional/cmd/qemu-test-summary run.json
//
// The exit status is 1 when a test or a package failed, and when no test of QEMU
// was executed at all: a run that proves nothing must not look green. The go
// command alone cannot tell, because each package is a process of its own, and
// one that skips all its tests is nothing unusual.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: qemu-test-summary FILE\nFILE holds the output of go test -json; - is standard input")
		os.Exit(2)
	}
	ok, err := summarize(os.Args[1], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "qemu-test-summary:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

func summarize(path string, out io.Writer) (ok bool, err error) {
	in := os.Stdin
	if path != "-" {
		in, err = os.Open(path)
		if err != nil {
			return false, err
		}
		defer in.Close()
	}
	r, err := readRun(in)
	if err != nil {
		return false, err
	}
	r.write(out)
	return r.ok(), nil
}
