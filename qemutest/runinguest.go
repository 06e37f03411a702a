package qemutest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/qemutest/functional/archive"
	"github.com/qemutest/functional/qemutest/guest"
	"github.com/qemutest/functional/qemutest/guest/gotest"
	"github.com/qemutest/functional/qemutest/guest/platform"
	"github.com/qemutest/functional/qemutest/image"
)

// inGuest names the test whose function is to run in this process, which is in
// a guest.
const inGuest = "QEMUTEST_IN_GUEST"

// outcomePath is where that process leaves an [outcome].
const outcomePath = "/run/qemutest-outcome.json"

// outcome is how the function ended.
type outcome struct {
	Failed, Skipped bool
	Value           json.RawMessage `json:",omitempty"`
}

// RunInGuest runs a function of the test in a guest of target, under the
// distribution's kernel, on the machine that package guest/platform has for it.
// It is called first in a test or subtest, once:
//
//	func TestPageSize(t *testing.T) {
//		qemutest.RunInGuest(t, "aarch64", func(t *testing.T) {
//			assert.Equal(t, 4096, os.Getpagesize())
//		})
//	}
//
// The test binary is compiled for the guest, before the test's time counts, and
// runs this test alone there: RunInGuest calls f and ends the test. So what the
// test does before the call is done on both sides, and what comes after it on
// the host only; variables are not shared. The guest has the environment and the
// directory of the package, as with qemu-exec. f has all that a test has:
// output, failures, skips and panics are those of the test on the host. See
// [CallInGuest] for a value.
//
// The requirements are those of [New], less Machine and CPU.
func RunInGuest(t *testing.T, target string, f func(t *testing.T), requirements ...Requirement) {
	t.Helper()
	CallInGuest(t, target, func(t *testing.T) any { f(t); return nil }, requirements...)
}

// CallInGuest is [RunInGuest] for a function whose result, which must be one
// that package encoding/json can write and read, is wanted on the host.
func CallInGuest[R any](t *testing.T, target string, f func(t *testing.T) R, requirements ...Requirement) R {
	t.Helper()
	if os.Getenv(inGuest) == t.Name() {
		callHere(t, func() (json.RawMessage, error) { return json.Marshal(f(t)) })
	}
	value := callThere(t, target, requirements)
	var result R
	if err := json.Unmarshal(value, &result); err != nil {
		t.Fatalf("reading the result of the function in the guest: %v", err)
	}
	return result
}

// callHere is the guest's side. It does not return.
func callHere(t *testing.T, f func() (json.RawMessage, error)) {
	t.Helper()
	o, returned := outcome{}, false
	t.Cleanup(func() { // after those of f
		o.Failed, o.Skipped = t.Failed(), t.Skipped() && !returned
		text, err := json.Marshal(o)
		if err == nil {
			err = os.WriteFile(outcomePath, text, 0o600)
		}
		if err != nil {
			t.Errorf("telling the host how the function ended: %v", err)
		}
	})
	value, err := f()
	if err != nil {
		t.Fatalf("writing the result of the function: %v", err)
	}
	o.Value, returned = value, true
	t.SkipNow() // what comes after the call is for the host
}

// callThere is the host's side. It returns the value, or ends the test.
func callThere(t *testing.T, target string, requirements []Requirement) json.RawMessage {
	t.Helper()
	p, err := platform.ForTarget(target)
	if err != nil {
		t.Fatal(err)
	}
	var boot *platform.Boot
	var i gotest.Invocation
	q := New(t, target, append([]Requirement{
		Machine(p.Machine),
		Memory(int64(p.Memory+256) << 20),
		Assets(p.Kernel),
		setting("a test binary for "+p.GOARCH, func(s *settings) {
			s.prepare = func(ctx context.Context, q *Test) (err error) {
				if boot, err = p.Boot(ctx); err == nil {
					i, err = q.testBinary(ctx, p)
				}
				return skipTransient(err)
			}
		}),
	}, requirements...)...)
	vm := q.bootPlatform(p, boot, &i)
	vm.Guest().Wait()
	out := t.Output()
	var result guest.Result
	vm.guest.do("", func(ctx context.Context) (err error) {
		result, err = i.Run(ctx, vm.guest.remote, out, out)
		return err
	})
	var o outcome
	text, err := vm.guest.remote.ReadFile(q.ctx, outcomePath)
	if err == nil {
		err = json.Unmarshal(text, &o)
	}
	switch {
	case result.Signal != "":
		t.Fatalf("in the guest: %s ended the test binary", result.Signal)
	case o.Failed || result.Status != 0:
		t.Fatalf("in the guest: the function failed, the exit status is %d", result.Status)
	case err != nil:
		t.Fatalf("in the guest: the function was not reached, is RunInGuest called in %s? %v", t.Name(), err)
	case o.Skipped:
		t.Skip("in the guest: the function has skipped the test")
	}
	return o.Value
}

// testBinary returns the call of this test in the guest.
func (q *Test) testBinary(ctx context.Context, p platform.Platform) (gotest.Invocation, error) {
	self, err := os.Executable()
	if err != nil {
		return gotest.Invocation{}, err
	}
	dir, err := os.Getwd()
	if err != nil {
		return gotest.Invocation{}, err
	}
	if arch, err := gotest.GOARCH(self); err != nil || arch != p.GOARCH {
		binary := filepath.Join(q.Scratch(), "guest.test")
		if err := compileTest(ctx, binary, p.GOARCH, dir); err != nil {
			return gotest.Invocation{}, err
		}
		self = binary
	}
	return gotest.Invocation{
		Binary: self,
		Args:   []string{"-test.v", "-test.count=1", "-test.paniconexit0", "-test.run=" + runPattern(q.t.Name())},
		Dir:    dir,
		Env:    append(os.Environ(), inGuest+"="+q.t.Name()),
	}, nil
}

// compileTest compiles the package in a directory, with its tests, for a guest,
// with the build tags of this process.
func compileTest(ctx context.Context, binary, goarch, dir string) error {
	args := []string{"test", "-c", "-ldflags=-s -w", "-o", binary}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "-tags" {
				args = append(args, "-tags="+s.Value)
			}
		}
	}
	cmd := exec.CommandContext(ctx, "go", append(args, ".")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+goarch, "CGO_ENABLED=0", "GOFLAGS=")
	output, err := cmd.CombinedOutput()
	switch {
	case err == nil:
		return nil
	case errors.Is(err, exec.ErrNotFound):
		return Skipf(KindCommand, "%v: install Go, with which the test is compiled for the guest", err)
	case ctx.Err() != nil:
		return fmt.Errorf("compiling the test for the guest: %w", context.Cause(ctx))
	}
	return fmt.Errorf("compiling the test for the guest: %w\n%s", err, strings.TrimSpace(string(output)))
}

// bootPlatform launches the machine with what the binary needs.
func (q *Test) bootPlatform(p platform.Platform, boot *platform.Boot, i *gotest.Invocation) *VM {
	q.t.Helper()
	q.logf("%s: package version %s, SHA-256 %s", p.Kernel, boot.Kernel.Version, boot.Kernel.SHA256)
	root := image.Initramfs{Compression: archive.None}
	boot.AddTo(&root)
	q.Check(i.AddTo(&root))
	config := p.Config(boot.Kernel.Image, q.Initramfs(&root))
	vm := q.VM(config.Args...).SetMachine(config.Machine).SetCPU(config.CPU)
	vm.EnableGuest(GuestChannel{func(vm *VM) func() *guest.Guest {
		return vm.addChannel(config.Channels[0], guest.Port)
	}})
	vm.Launch()
	return vm
}
