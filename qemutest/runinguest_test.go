//go:build linux

package qemutest_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inGuestDoomed makes TestRunInGuestDoomed run.
const inGuestDoomed = "QEMUTEST_RUN_IN_GUEST_DOOMED"

// TestRunInGuestDoomed is for TestRunInGuestEnds to look at.
func TestRunInGuestDoomed(t *testing.T) {
	if os.Getenv(inGuestDoomed) == "" {
		t.Skip("TestRunInGuestEnds runs this one in a process of its own")
	}
	ends := map[string]func(t *testing.T){
		"fatal":   func(t *testing.T) { t.Fatal("this goes wrong") },
		"cleanup": func(t *testing.T) { t.Cleanup(func() { t.Error("late") }) },
		"panic":   func(t *testing.T) { panic("at the disco") },
		"exit":    func(t *testing.T) { os.Exit(0) },
		"crash":   func(t *testing.T) { _ = os.WriteFile("/proc/sysrq-trigger", []byte("c"), 0) },
		"skip":    func(t *testing.T) { t.Skip("not today") },
		"pass":    func(t *testing.T) { fmt.Println("printed in the guest") },
	}
	for name, f := range ends {
		t.Run(name, func(t *testing.T) {
			qemutest.RunInGuest(t, "x86_64", f, qemutest.Timeout(5*time.Minute))
			fmt.Println("and back on the host")
		})
	}
}

// However the function ends, the test on the host ends like that.
func TestRunInGuestEnds(t *testing.T) {
	if os.Getenv(inGuestDoomed) != "" {
		t.Skip("this is the process that the test looks at")
	}
	if testing.Short() {
		t.Skip("a thorough test in a -short run")
	}
	for name, want := range map[string][]string{
		"fatal":   {"--- FAIL: TestRunInGuestDoomed/fatal", "this goes wrong", "in the guest: the function failed, the exit status is 1"},
		"cleanup": {"--- FAIL: TestRunInGuestDoomed/cleanup", "late", "in the guest: the function failed"},
		"panic":   {"--- FAIL: TestRunInGuestDoomed/panic", "panic: at the disco", "in the guest: the function failed, the exit status is 2"},
		"exit":    {"--- FAIL: TestRunInGuestDoomed/exit", "in the guest: the function failed"},
		"crash":   {"--- FAIL: TestRunInGuestDoomed/crash", "console 0: kernel panic: Kernel panic - not syncing"},
		"skip":    {"--- SKIP: TestRunInGuestDoomed/skip", "not today", "in the guest: the function has skipped the test"},
		"pass":    {"--- PASS: TestRunInGuestDoomed/pass", "printed in the guest", "and back on the host"},
	} {
		t.Run(name, func(t *testing.T) {
			self, err := os.Executable()
			require.NoError(t, err)
			cmd := exec.CommandContext(t.Context(), self, "-test.v", "-test.count=1", "-test.run=^TestRunInGuestDoomed$/^"+name+"$")
			cmd.Env = append(os.Environ(), inGuestDoomed+"=1")
			output, err := cmd.CombinedOutput() // whose machine waits for its place itself
			// What the guest prints is further to the right.
			if name != "skip" && strings.Contains(string(output), "\n    --- SKIP: TestRunInGuestDoomed/") {
				t.Skipf("the test to look at was skipped:\n%s", output)
			}
			passes := strings.HasPrefix(want[0], "--- PASS") || strings.HasPrefix(want[0], "--- SKIP")
			assert.Equal(t, passes, err == nil)
			for _, text := range want {
				assert.Contains(t, string(output), text)
			}
		})
	}
}
