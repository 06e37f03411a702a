// Command std runs tests of Go's standard library in machines, with qemu-exec,
// and compares what became of each with what becomes of it on the host:
//
//	go run ./tests/internal/std [-short] [-packages LIST] [-o DIR] GOARCH...
//
// It fails on each difference that docs/std.md does not explain. The output of
// the go command stays in DIR, as JSON; with -reuse, what is there is compared
// without another run.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// page explains the differences.
const page = "docs/std.md"

// defaultPackages are what the page is about.
const defaultPackages = "strings sort encoding/... os net"

// options are the flags.
type options struct {
	packages []string
	short    bool
	reuse    bool
	dir      string
	timeout  string
}

func main() {
	var o options
	packages := flag.String("packages", defaultPackages, "`list` of packages, separated by spaces")
	flag.BoolVar(&o.short, "short", false, "pass -short to the tests")
	flag.BoolVar(&o.reuse, "reuse", false, "compare what earlier runs left")
	flag.StringVar(&o.dir, "o", filepath.Join("build", "std"), "`directory` for the output")
	flag.StringVar(&o.timeout, "timeout", "1h", "time limit of a package, as go test takes it")
	flag.Parse()
	o.packages = strings.Fields(*packages)
	ok, err := check(o, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "std:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// check compares the architectures with the host, and reports whether all
// differences are explained.
func check(o options, architectures []string) (ok bool, err error) {
	if len(architectures) == 0 {
		return false, errors.New("expected names of architectures, such as arm64")
	}
	known, err := readPage(page)
	if err != nil {
		return false, err
	}
	command, err := filepath.Abs(filepath.Join(o.dir, "qemu-exec"))
	if err != nil {
		return false, err
	}
	if out, err := exec.Command("go", "build", "-o", command, "./cmd/qemu-exec").CombinedOutput(); err != nil {
		return false, fmt.Errorf("building qemu-exec: %w\n%s", err, out)
	}
	native, err := o.outcomes("native", nil)
	if err != nil {
		return false, err
	}
	ok = true
	for _, arch := range architectures {
		guest, err := o.outcomes(arch, []string{"-exec", command})
		if err != nil {
			return false, err
		}
		found := compare(native, guest)
		unexplained := known.explain(arch, found)
		fmt.Printf("%s: %d tests, %d as on the host, %d differences explained in %s, %d not\n",
			arch, len(guest), len(guest)-len(found), len(found)-len(unexplained), page, len(unexplained))
		for _, d := range unexplained {
			fmt.Println("   ", d)
			ok = false
		}
	}
	return ok, nil
}

// outcomes runs the tests, or takes an earlier run.
func (o options) outcomes(arch string, args []string) (outcomes, error) {
	path := filepath.Join(o.dir, arch+".json")
	if !o.reuse {
		if err := o.run(path, arch, args); err != nil {
			return nil, err
		}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readOutcomes(file)
}

// run runs the tests, one package after another: the time limits in some of
// them count on a processor of their own.
func (o options) run(path, arch string, args []string) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	args = append([]string{"test", "-json", "-vet=off", "-count=1", "-p=1", "-timeout=" + o.timeout}, args...)
	if o.short {
		args = append(args, "-short")
	}
	cmd := exec.Command("go", append(args, o.packages...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if arch != "native" {
		cmd.Env = append(cmd.Env, "GOOS=linux", "GOARCH="+arch)
	}
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	err = cmd.Run()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		err = nil // tests failed, which the output tells
	}
	return errors.Join(err, out.Close())
}
