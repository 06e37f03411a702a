// Qemu-exec runs test binaries of the go command in QEMU: each in a machine of
// its own, with the distribution's kernel for the architecture that the binary
// was built for.
//
//	GOARCH=arm64 go test -exec "env GOARCH= go run github.com/qemutest/functional/cmd/qemu-exec" ./...
//
// The variable is for the tests; "env GOARCH=" keeps go run from building
// qemu-exec itself for the guest. An installed qemu-exec needs no such care:
//
//	go install github.com/qemutest/functional/cmd/qemu-exec
//	GOARCH=arm64 go test -exec qemu-exec ./...
//
// nor any flag, where PATH has it by the name that the go command looks for
// (go help run), such as go_linux_arm64_exec:
//
//	ln -s qemu-exec "$(go env GOPATH)/bin/go_linux_arm64_exec"
//	GOARCH=arm64 go test ./...
//
// Where the guest has the architecture of the host, CGO_ENABLED=0 keeps the
// binary from needing a C library.
//
// The binary runs in the directory of its package, which the guest has a copy
// of, with the environment of the host, as root. The guest has no network but
// loopback, and no programs but pwd and hostname. Its output comes as it is printed; its
// exit status is that of qemu-exec. Profiles, coverage data and artifacts are
// brought back. A guest that panics or hangs is reported with the last lines of
// its console.
//
// The emulator is the one that QEMU_TEST_QEMU_BINARY names, which has to have the
// target of the binary; else that of the build tree in QEMU_TEST_BUILD_DIR; else
// that in PATH. Relative paths begin at the root of the module that is tested.
//
// Another machine (-machine) has to have the bus for virtio and the first serial
// port of the usual one: PCI, but virtio-mmio on arm and the channels of s390x. So
// pc can stand in for q35, and microvm cannot.
//
// A machine takes a place among those that the tests of this host run, with its
// memory and a core for each of its CPUs; QEMU_TEST_JOBS says how many may run at
// once instead. A wait for the place is told, and counts for none of qemu-exec's
// own limits, but go test ends a binary a minute after the time of its -timeout,
// the wait included: give a longer one where much runs beside. The guest may take
// three minutes to boot; QEMU_TEST_TIMEOUT_SCALE multiplies that.
//
// docs/std.md tells how the tests of the standard library fare.
//
// The kernel is fetched through the machine's own apt and kept in the cache of
// assets; README.md tells the variables for that.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/qemutest/functional/qemutest/guest/gotest"
)

// cannotRun is the exit status for all that keeps the binary from running to
// its end. The binary itself uses 1 and 2.
const cannotRun = 3

func main() {
	r := gotest.Runner{Stdout: os.Stdout, Stderr: os.Stderr, Notify: func(text string) { fmt.Fprintln(os.Stderr, "qemu-exec:", text) }}
	flag.StringVar(&r.Target, "target", "", "expected `target` of the emulator, for example aarch64")
	flag.StringVar(&r.Machine, "machine", "", "`machine` with its options, as QEMU's -machine takes it: one with the same bus for virtio and the same first serial port as the usual one, such as pc for q35")
	flag.StringVar(&r.CPU, "cpu", "", "CPU `model`, as QEMU's -cpu takes it")
	flag.IntVar(&r.Memory, "m", 0, "memory of the guest in `MiB`")
	flag.StringVar(&r.LogDir, "logs", "", "`directory` for the logs of the machines: it gets one for each package, named after the package's own")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: qemu-exec [flags] TEST-BINARY [its flags]   (see go doc github.com/qemutest/functional/cmd/qemu-exec)")
		flag.PrintDefaults()
	}
	flag.Parse()
	if sameFile(os.Stdout, os.Stderr) {
		r.Stderr = r.Stdout // go test wants one stream, in order
	}
	ctx, stop := gotest.NewContext(context.Background())
	status := run(ctx, r, flag.Args())
	stop()
	os.Exit(status)
}

func sameFile(a, b *os.File) bool {
	one, err := a.Stat()
	other, err2 := b.Stat()
	return err == nil && err2 == nil && os.SameFile(one, other)
}

// logDir returns the directory for the logs of a package's machine, so that
// several packages can be tested at once.
func logDir(logs, pkg string) string {
	if logs == "" {
		return ""
	}
	name := strings.ReplaceAll(strings.Trim(pkg, string(filepath.Separator)), string(filepath.Separator), "_")
	return filepath.Join(logs, name)
}

func run(ctx context.Context, r gotest.Runner, args []string) int {
	invocation, err := gotest.ParseInvocation(args)
	if err == nil {
		r.LogDir = logDir(r.LogDir, invocation.Dir)
		var status int
		if status, err = r.Run(ctx, invocation); err == nil {
			return status
		}
	}
	fmt.Fprintln(os.Stderr, "qemu-exec:", err)
	return cannotRun
}
