package qemutest_test

import (
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
)

// A long run of tests in one process must not run out of descriptors.
func TestDescriptors(t *testing.T) {
	if _, err := exec.LookPath("qemu-system-x86_64"); err != nil {
		t.Skip("needs qemu-system-x86_64 in PATH")
	}
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("needs /proc to count descriptors")
		}
		return len(entries)
	}
	t.Setenv("QEMU_TEST_LOG_DIR", t.TempDir()) // forbids parallel tests
	run := func(name string) {
		t.Run(name, func(t *testing.T) {
			q := qemutest.New(t, "x86_64", qemutest.Machine("none"), qemutest.Serial())
			vm := q.VM().AddConsole(1)
			vm.Launch()
			require.NotEmpty(t, vm.HMP("info version"))
		})
	}
	run("first") // starts what lives as long as the process
	before := count()
	for i := range 5 {
		run(strconv.Itoa(i))
	}
	assert.LessOrEqual(t, count(), before+2)
}
