package qemutest

import (
	"context"
	"os"
	"strings"
)

// Flaky marks a test that fails now and then for a reason outside of it, with
// the URL of the bug. It runs when QEMU_TEST_FLAKY_TESTS is set.
func Flaky(bugURL string) Requirement {
	return gate("flaky "+bugURL, "QEMU_TEST_FLAKY_TESTS", KindFlaky, "unreliable: "+bugURL)
}

// Untrusted marks a test that runs code in the guest which nobody vouches for.
// It runs when QEMU_TEST_ALLOW_UNTRUSTED_CODE is set.
func Untrusted() Requirement {
	return gate("untrusted", "QEMU_TEST_ALLOW_UNTRUSTED_CODE", KindUntrusted, "runs untrusted code")
}

// BigData marks a test that stores more than about 500 MB. It runs when
// QEMU_TEST_ALLOW_LARGE_STORAGE is set.
func BigData() Requirement {
	return gate("big data", "QEMU_TEST_ALLOW_LARGE_STORAGE", KindBigData, "needs much storage")
}

// Slow marks a test that takes very long. It runs when QEMU_TEST_ALLOW_SLOW is
// set.
func Slow() Requirement {
	return gate("slow", "QEMU_TEST_ALLOW_SLOW", KindSlow, "takes very long")
}

func gate(name, variable string, kind Kind, why string) Requirement {
	return &requirement{name: name, stage: StageGate, check: func(context.Context, *Test) error {
		if envSet(variable) {
			return nil
		}
		return Skipf(kind, "%s: set %s=1 to run it", why, variable)
	}}
}

// Env requires environment variables to be set, such as the path of a kernel
// that nobody may redistribute.
func Env(names ...string) Requirement {
	return &requirement{
		name:  "env " + strings.Join(names, " "),
		stage: StageGate,
		check: func(context.Context, *Test) error {
			var missing []string
			for _, name := range names {
				if _, ok := os.LookupEnv(name); !ok {
					missing = append(missing, name)
				}
			}
			if len(missing) > 0 {
				return Skipf(KindEnv, "set %s to run this test", strings.Join(missing, " and "))
			}
			return nil
		},
	}
}
