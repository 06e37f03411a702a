package qemutest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/qemutest/functional/qemutest/internal/emulator"
	"github.com/qemutest/functional/qemutest/internal/pool"
	"github.com/qemutest/functional/qemutest/internal/timescale"
)

// checkEnvironment fails the test when a variable of the environment has a value
// that cannot be meant, before anything is waited for.
func (q *Test) checkEnvironment() {
	q.t.Helper()
	_, scaleErr := timescale.Factor()
	_, jobsErr := pool.DefaultBudget()
	_, holdErr := holdTime()
	_, buildErr := emulator.BuildDir()
	_, toolErr := emulator.Image()
	if err := errors.Join(scaleErr, jobsErr, holdErr, buildErr, toolErr, checkRequired(requiredKinds())); err != nil {
		q.t.Fatal(err)
	}
}

// knownKinds are the kinds of this package, and accelerators.
var knownKinds = []Kind{
	KindTier, KindFlaky, KindUntrusted, KindBigData, KindSlow, KindEnv, KindHost, KindCommand, KindEmulator,
	KindVersion, KindMachine, KindCPU, KindDevice, KindNetdev, KindFirmware, KindFeature, KindAssets,
	"all", "tcg", "kvm", "hvf", "xen", "whpx", "nvmm", "mshv",
}

// checkRequired finds kinds in QEMU_TEST_REQUIRE that nothing has because they
// are misspelled: without it, they would forbid nothing. Tests may have kinds of
// their own, so that what resembles none is let through.
func checkRequired(kinds []string) error {
	for _, kind := range kinds {
		if slices.Contains(knownKinds, Kind(kind)) {
			continue
		}
		for _, known := range knownKinds {
			if resembles(strings.ToLower(kind), string(known)) {
				return fmt.Errorf("QEMU_TEST_REQUIRE: there is no kind %q of skips, but there is %q", kind, known)
			}
		}
	}
	return nil
}

// resembles reports whether one word becomes the other when one letter is
// added, left out or changed, or two neighbors change places.
func resembles(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	restA, restB := a[i:], b[i:]
	switch len(restB) - len(restA) {
	case 0:
		if len(restA) < 2 {
			return true
		}
		swapped := restA[0] == restB[1] && restA[1] == restB[0] && restA[2:] == restB[2:]
		return swapped || restA[1:] == restB[1:]
	case 1:
		return restA == restB[1:]
	}
	return false
}
