//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"os"
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A function of this package runs in the guest, as its only test, and its result
// is here.
func TestX86CallInGuest(t *testing.T) {
	type facts struct {
		Hostname string
		PID      int
		Version  string
		Sources  bool
	}
	there := qemutest.CallInGuest(t, "x86_64", func(t *testing.T) facts {
		version, err := os.ReadFile("/proc/version")
		require.NoError(t, err)
		_, err = os.Stat("q35_runinguest_test.go")
		t.Log("said in the guest")
		return facts{PID: os.Getppid(), Version: string(version), Sources: err == nil}
	}, qemutest.Timeout(5*time.Minute))
	assert.Equal(t, 1, there.PID, "the agent's number")
	assert.Contains(t, there.Version, "-cloud-amd64 ")
	assert.True(t, there.Sources, "the directory of the package is there")
	here, err := os.ReadFile("/proc/version")
	require.NoError(t, err)
	assert.NotEqual(t, string(here), there.Version)
}
