package qemutest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// A Requirement is something that a test needs, or a setting of the test.
// [New] checks requirements in the order of their stages, before any QEMU
// starts, and ends the test at the first one that is not met.
//
// Anyone can write another one; [Require] makes one from a function.
type Requirement interface {
	// String names the requirement as reports show it, for example
	// "machine virt" or "command swtpm".
	String() string
	// Stage tells when the requirement is checked, and so what Check may use.
	Stage() Stage
	// Check returns nil when the requirement is met, a [*Skip] when it is not
	// met here, and any other error when the test must fail. The reason says
	// what was expected and what to do about it.
	Check(ctx context.Context, q *Test) error
}

// Stage orders requirements from cheap to dear.
type Stage int

const (
	// StageGate needs nothing but the environment: tiers, opt-ins.
	// Requirements of this stage also decide what is pre-cached.
	StageGate Stage = iota
	// StageHost looks at this machine: its system, commands and limits.
	StageHost
	// StageEmulator asks the emulator under test ([Test.Capabilities]).
	StageEmulator
	// StageAssets may download.
	StageAssets
)

// Kind names a group of skips for machines to read. QEMU_TEST_REQUIRE takes a
// list of kinds whose skips are failures, or "all". Those of KindPrecached and
// KindFailFast never are.
//
// The kind of a missing accelerator is the accelerator's name, such as "kvm".
type Kind string

// The kinds of this package.
const (
	KindTier      Kind = "tier"      // a thorough test in a -short run
	KindFlaky     Kind = "flaky"     // QEMU_TEST_FLAKY_TESTS is not set
	KindUntrusted Kind = "untrusted" // QEMU_TEST_ALLOW_UNTRUSTED_CODE is not set
	KindBigData   Kind = "bigdata"   // QEMU_TEST_ALLOW_LARGE_STORAGE is not set
	KindSlow      Kind = "slow"      // QEMU_TEST_ALLOW_SLOW is not set
	KindEnv       Kind = "env"       // another environment variable is not set
	KindHost      Kind = "host"      // wrong operating system, architecture or limit
	KindCommand   Kind = "command"   // a command of the host is missing
	KindEmulator  Kind = "emulator"  // the emulator of the target is missing
	KindVersion   Kind = "version"   // QEMU is too old or too new
	KindMachine   Kind = "machine"   // the emulator lacks the machine type
	KindCPU       Kind = "cpu"       // the emulator lacks the CPU model
	KindDevice    Kind = "device"    // the emulator lacks the device
	KindNetdev    Kind = "netdev"    // the emulator lacks the network back end
	KindFirmware  Kind = "firmware"  // a firmware file is not installed
	KindFeature   Kind = "feature"   // the emulator was built without something
	KindAssets    Kind = "assets"    // an asset can be neither found nor fetched now
	KindPrecached Kind = "precached" // QEMU_TEST_PRECACHE is set: nothing is run
	KindFailFast  Kind = "failfast"  // another test has failed, and go test was given -failfast
)

// Skip is the error of a requirement that is not met here. It ends the test as
// skipped, or as failed when QEMU_TEST_REQUIRE names its kind.
type Skip struct {
	Kind   Kind
	Reason string // what is missing, and what to do about it; one line
}

// Skipf returns a [*Skip] with a formatted reason.
func Skipf(kind Kind, format string, args ...any) *Skip {
	return &Skip{Kind: kind, Reason: fmt.Sprintf(format, args...)}
}

// Error returns the kind and the reason.
func (s *Skip) Error() string { return string(s.Kind) + ": " + s.Reason }

// Require makes a requirement from a function, for needs that this package has
// no word for:
//
//	qemutest.Require("a TPM emulator that speaks TPM 2", qemutest.StageHost,
//		func(ctx context.Context, q *qemutest.Test) error { ... })
func Require(name string, stage Stage, check func(ctx context.Context, q *Test) error) Requirement {
	return &requirement{name: name, stage: stage, check: check}
}

// requirement is the form that all requirements of this package have.
// configure, where set, changes the test's settings before anything is checked.
type requirement struct {
	name      string
	stage     Stage
	check     func(context.Context, *Test) error
	configure func(*settings)
}

func (r *requirement) String() string { return r.name }
func (r *requirement) Stage() Stage   { return r.stage }

func (r *requirement) Check(ctx context.Context, q *Test) error {
	if r.check == nil {
		return nil
	}
	return r.check(ctx, q)
}

// setting makes a requirement that only changes how the test is run.
func setting(name string, configure func(*settings)) Requirement {
	return &requirement{name: name, stage: StageGate, configure: configure}
}

// requireStage checks the requirements of one stage in the order in which they
// were given, and ends the test at the first that is not met.
func (q *Test) requireStage(ctx context.Context, stage Stage) {
	q.t.Helper()
	for _, r := range q.settings.requirements {
		if r.Stage() != stage {
			continue
		}
		if err := r.Check(ctx, q); err != nil {
			q.end(fmt.Errorf("%s: %w", r, err))
		}
	}
}

// end ends the test because of err: skipped when err is a [*Skip], else failed.
func (q *Test) end(err error) {
	q.t.Helper()
	var skip *Skip
	if !errors.As(err, &skip) {
		q.t.Fatal(err)
	}
	q.Skip(skip.Kind, "%s", skip.Reason)
}

// Skip ends the test as skipped for a reason found while it runs, for example
// a launch failure that says what the emulator was built without. The reason
// says what is missing and what to do about it. It is a failure instead when
// QEMU_TEST_REQUIRE names the kind.
func (q *Test) Skip(kind Kind, format string, args ...any) {
	q.t.Helper()
	skip := Skipf(kind, format, args...)
	if kind != KindPrecached && kind != KindFailFast && kindRequired(kind) {
		q.t.Fatalf("QEMU_TEST_REQUIRE forbids to skip this test: %v", skip)
	}
	setAttr(q.t, "skip.kind", string(kind))
	setAttr(q.t, "skip.reason", skip.Reason)
	q.logf("skipped: %v", skip)
	q.t.Skip(skip)
}

// kindRequired reports whether QEMU_TEST_REQUIRE turns skips of kind into
// failures.
func kindRequired(kind Kind) bool {
	list := requiredKinds()
	return slices.Contains(list, string(kind)) || slices.Contains(list, "all")
}

// requiredKinds returns the kinds in QEMU_TEST_REQUIRE.
func requiredKinds() []string {
	return strings.FieldsFunc(os.Getenv("QEMU_TEST_REQUIRE"), func(r rune) bool {
		return r == ',' || r == ' '
	})
}

// setAttr sets an attribute of the test, which must be a single line.
func setAttr(t *testing.T, key, value string) {
	t.Attr(key, strings.Join(strings.Fields(value), " "))
}
