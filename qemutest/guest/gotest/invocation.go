package gotest

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An Invocation is a test binary as "go test" calls it.
type Invocation struct {
	Binary string   // path on the host, absolute
	Args   []string // without the binary
	Dir    string   // directory of the package, in which the binary runs; absolute
	Env    []string // "name=value"; nil for that of this process
}

// ParseInvocation takes the arguments that "go test -exec" gives a program
// after its own: the path of the test binary and the flags of package testing.
// The binary runs in the working directory, as "go test" arranges it.
func ParseInvocation(args []string) (Invocation, error) {
	if len(args) == 0 {
		return Invocation{}, errors.New(`expected a test binary and its flags, as "go test -exec" passes them`)
	}
	binary, err := filepath.Abs(args[0])
	if err != nil {
		return Invocation{}, fmt.Errorf("finding the test binary: %w", err)
	}
	if _, err := os.Stat(binary); err != nil {
		return Invocation{}, fmt.Errorf("expected a test binary as first argument: %w", err)
	}
	dir, err := os.Getwd()
	if err != nil {
		return Invocation{}, fmt.Errorf("finding the directory of the package: %w", err)
	}
	return Invocation{Binary: binary, Args: args[1:], Dir: dir}, nil
}

// flag returns the value of the last flag of package testing with this name,
// and whether there is one.
func (i Invocation) flag(name string) (value string, found bool) {
	for n, arg := range i.Args {
		flag, ok := strings.CutPrefix(arg, "-test."+name)
		switch {
		case !ok:
		case strings.HasPrefix(flag, "="):
			value, found = flag[1:], true
		case flag == "" && n+1 < len(i.Args):
			value, found = i.Args[n+1], true // unless it is boolean, which none that is asked for here is
		}
	}
	return value, found
}

// Timeout returns the limit that the binary sets itself (-test.timeout), 0 for
// none.
func (i Invocation) Timeout() time.Duration {
	value, _ := i.flag("timeout")
	limit, _ := time.ParseDuration(value)
	return limit
}

// profiles are the flags of package testing that name a file to be written.
var profiles = []string{"coverprofile", "cpuprofile", "memprofile", "blockprofile", "mutexprofile", "trace"}

// Outputs returns the files and directories that the run may write outside of
// the temporary directory of the guest, and that are wanted on the host:
// profiles, coverage data, artifacts, and what fuzzing has found. Their paths
// are the same on both.
//
// The log of what a test read (-test.testlogfile) is not among them: without
// it "go test" does not take a result from its cache, which knows nothing of
// kernels and emulators.
func (i Invocation) Outputs() []string {
	outputDir, given := i.flag("outputdir")
	if !given {
		outputDir = i.Dir
	}
	outputDir = i.absolute(outputDir, i.Dir)
	var outputs []string
	for _, name := range profiles {
		if path, found := i.flag(name); found && path != "" {
			outputs = append(outputs, i.absolute(path, outputDir))
		}
	}
	for _, dir := range []string{i.coverDir(), i.env("GOCOVERDIR")} {
		if dir != "" {
			outputs = append(outputs, i.absolute(dir, i.Dir))
		}
	}
	if fuzz, _ := i.flag("fuzz"); fuzz != "" {
		outputs = append(outputs, i.fuzzCache(), filepath.Join(i.Dir, "testdata", "fuzz"))
	}
	if i.bool("artifacts") {
		outputs = append(outputs, filepath.Join(outputDir, "_artifacts"))
	}
	slices.Sort(outputs)
	return slices.Compact(slices.DeleteFunc(outputs, func(path string) bool { return path == "" }))
}

// fuzzCache is where fuzzing keeps what reaches new code.
func (i Invocation) fuzzCache() string {
	dir, _ := i.flag("fuzzcachedir")
	if dir == "" {
		return ""
	}
	return i.absolute(dir, i.Dir)
}

func (i Invocation) coverDir() string {
	dir, _ := i.flag("gocoverdir")
	return dir
}

func (i Invocation) absolute(path, dir string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// bool returns the value of a boolean flag of package testing.
func (i Invocation) bool(name string) bool {
	on := false
	for _, arg := range i.Args {
		value, found := strings.CutPrefix(arg, "-test."+name)
		switch {
		case !found:
		case value == "":
			on = true
		case strings.HasPrefix(value, "="):
			on, _ = strconv.ParseBool(value[1:])
		}
	}
	return on
}

// environment returns what the binary gets from the host.
func (i Invocation) environment() []string {
	if i.Env != nil {
		return i.Env
	}
	return os.Environ()
}

func (i Invocation) env(name string) (value string) {
	for _, entry := range i.environment() {
		if v, found := strings.CutPrefix(entry, name+"="); found {
			value = v
		}
	}
	return value
}

// GOARCH returns the architecture that an executable file was built for, in
// the terms of the go command. The file must be static: the guest has no C
// library.
func GOARCH(path string) (string, error) {
	file, err := elf.Open(path)
	if err != nil {
		return "", fmt.Errorf("expected a Linux executable (GOOS=linux): %w", err)
	}
	defer func() { _ = file.Close() }()
	if slices.ContainsFunc(file.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		return "", fmt.Errorf("%s needs a dynamic linker, which the guest does not have: set CGO_ENABLED=0 for go test", path)
	}
	for _, arch := range architectures {
		if arch.machine == file.Machine && arch.order == file.ByteOrder && arch.class == file.Class {
			return arch.goarch, nil
		}
	}
	return "", fmt.Errorf("%s is for %v, which no GOARCH of Linux is", path, file.Machine)
}
