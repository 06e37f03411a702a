package gotest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/qemutest/functional/archive"
	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/console/rules"
	"github.com/qemutest/functional/qemutest/guest"
	"github.com/qemutest/functional/qemutest/guest/platform"
	"github.com/qemutest/functional/qemutest/image"
	"github.com/qemutest/functional/qemutest/internal/emulator"
	"github.com/qemutest/functional/qemutest/internal/pool"
	"github.com/qemutest/functional/qemutest/internal/timescale"
	"github.com/qemutest/functional/qemutest/machine"
)

const (
	// bootTime is how long a guest may take until its agent answers, from its
	// launch on, multiplied by QEMU_TEST_TIMEOUT_SCALE.
	bootTime = 3 * time.Minute

	// graceTime is what the binary gets beyond its own limit to print where it
	// hangs, before the guest counts as hung.
	graceTime = 30 * time.Second

	// tailLines is how much of the console a failure shows.
	tailLines = 20
)

// A Runner runs test binaries, each in a machine of its own. The zero value
// works: the machine is the one that package platform has for the binary's
// architecture, and the emulator the one that QEMU_TEST_QEMU_BINARY names, or
// that is in the build tree in QEMU_TEST_BUILD_DIR, or in PATH.
type Runner struct {
	Target  string // expected target, such as "aarch64"; "" for that of the binary
	Machine string // value of -machine, "" for the platform's
	CPU     string // value of -cpu, "" for the platform's
	Memory  int    // in MiB, 0 for the platform's

	// LogDir is where console.log and the other logs of the machine stay; it is
	// made if need be. "" keeps none.
	LogDir string

	// Stdout and Stderr get the output of the binary while it comes; nil drops
	// it. Where they are the same, the order is kept.
	Stdout, Stderr io.Writer

	// Notify, if it is set, is called with what somebody who waits for the first
	// output may want to know: that the host has no room for the machine yet, and
	// when it has.
	Notify func(text string)

	grace time.Duration // 0 means graceTime
	pool  pool.Pool     // the zero value is the host's

	// placed and booted, if they are set, are called with what the wait for a
	// place and the boot took.
	placed, booted func(time.Duration)
}

// Run boots a machine, runs the binary in it, brings its outputs back, and
// returns the exit status. The error says why there is none: that something is
// missing here, that the guest did not boot, panicked or hung, or that ctx
// ended. Nothing of the machine is left afterwards but its logs.
//
// The machine takes a place among those that the tests of this host run, with
// its memory and a core for each of its CPUs. Run waits for one as long as it
// takes, or ctx lasts; no time limit runs meanwhile. So a test that holds a place
// itself must not call Run: it might wait for itself.
func (r Runner) Run(ctx context.Context, i Invocation) (status int, err error) {
	limit, err := timescale.Of(bootTime)
	if err != nil {
		return 0, err
	}
	p, err := r.platform(i)
	if err != nil {
		return 0, err
	}
	binary, _, err := emulator.Find(ctx, p.Target)
	if err != nil {
		return 0, err
	}
	scratch, release, err := scratchDir()
	if err != nil {
		return 0, err
	}
	defer release()
	if r.LogDir != "" {
		if err := os.MkdirAll(r.LogDir, 0o755); err != nil {
			return 0, fmt.Errorf("making the directory for the logs: %w", err)
		}
	}
	config, err := r.prepare(ctx, p, i, scratch)
	if err != nil {
		return 0, err
	}
	config.Binary = binary
	leave, err := r.takePlace(ctx, p, i)
	if err != nil {
		return 0, err
	}
	defer leave()
	boot := boot{began: time.Now(), limit: limit, memory: memory(p, scratch)}
	m, err := machine.Launch(ctx, config)
	if err != nil {
		return 0, launchError(p, err)
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	result, err := r.runOn(ctx, m, i, boot)
	if err != nil {
		return 0, err
	}
	if result.Signal != "" {
		return 0, fmt.Errorf("%s ended the test binary", result.Signal)
	}
	return result.Status, nil
}

func (r Runner) platform(i Invocation) (platform.Platform, error) {
	goarch, err := GOARCH(i.Binary)
	if err != nil {
		return platform.Platform{}, err
	}
	p, err := platform.ForGOARCH(goarch)
	if err != nil {
		return p, err
	}
	if r.Target != "" && r.Target != p.Target {
		return p, fmt.Errorf("expected a binary for target %s, got one for GOARCH=%s, which runs on %s: set GOARCH for go test", r.Target, goarch, p.Target)
	}
	return p.On(r.Machine, r.CPU, r.Memory), nil
}

// prepare makes the file system and describes the machine.
func (r Runner) prepare(ctx context.Context, p platform.Platform, i Invocation, scratch string) (machine.Config, error) {
	boot, err := p.Boot(ctx)
	if err != nil {
		return machine.Config{}, err
	}
	root := image.Initramfs{Compression: archive.None}
	boot.AddTo(&root)
	if err := i.AddTo(&root); err != nil {
		return machine.Config{}, err
	}
	initrd := filepath.Join(scratch, initramfs)
	if err := root.WriteFile(initrd); err != nil {
		return machine.Config{}, err
	}
	factor, err := timescale.Longer()
	if err != nil {
		return machine.Config{}, err
	}
	config := p.Config(boot.Kernel.Image, initrd)
	config.Limits = machine.Limits{}.Scaled(factor)
	config.LogDir = r.LogDir
	config.Consoles = []machine.Port{{Options: console.Options{Watch: rules.Guests()}}}
	return config, nil
}

// takePlace waits until the host has room for the machine. The binary may keep
// all CPUs of it busy, each of which is a thread of QEMU.
func (r Runner) takePlace(ctx context.Context, p platform.Platform, i Invocation) (leave func(), err error) {
	notify := r.Notify
	if notify == nil {
		notify = func(string) {}
	}
	began, waited := time.Now(), false
	r.pool.Waiting = func(inTheWay string) {
		waited = true
		notify("waiting for a place to run the machine, in the way: " + inTheWay)
	}
	leave, err = r.pool.Acquire(ctx, pool.Weight{
		Name:   filepath.Base(i.Binary),
		Memory: int64(p.Memory) << 20,
		Cores:  float64(p.CPUs),
	})
	if err != nil {
		return nil, fmt.Errorf("waiting for a place to run the machine: %w", err)
	}
	took := time.Since(began)
	if waited {
		notify(fmt.Sprintf("got a place after %v", took.Round(time.Millisecond)))
	}
	if r.placed != nil {
		r.placed(took)
	}
	return leave, nil
}

// runOn runs the binary on a machine that was launched.
func (r Runner) runOn(ctx context.Context, m *machine.Machine, i Invocation, b boot) (guest.Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go watch(ctx, m, cancel)
	g := guest.NewAgent(m.Channel(0), guest.Port)
	defer func() { _ = g.Close() }()
	if err := b.wait(ctx, m, g); err != nil {
		return guest.Result{}, err
	}
	if r.booted != nil {
		r.booted(time.Since(b.began))
	}
	if limit := i.Timeout(); limit > 0 {
		grace := cmp.Or(r.grace, graceTime)
		limit += grace
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, limit, fmt.Errorf("the guest hangs: the test binary has not ended %v after its limit (-test.timeout)", grace))
		defer stop()
	}
	result, err := i.Run(ctx, g, r.Stdout, r.Stderr)
	if err != nil {
		return result, explain(ctx, m, err)
	}
	return result, nil
}
