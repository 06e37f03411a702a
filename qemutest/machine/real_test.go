package machine

import (
	"os/exec"
	"testing"
)

// requireEmulator returns the path of a system emulator, and skips a test where
// it is not installed.
func requireEmulator(t testing.TB, target string) string {
	t.Helper()
	path, err := exec.LookPath("qemu-system-" + target)
	if err != nil {
		t.Skipf("needs qemu-system-%s: install it", target)
	}
	return path
}
