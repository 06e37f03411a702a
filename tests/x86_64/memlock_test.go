//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
)

func TestX86MemlockOff(t *testing.T) {
	memory := launchMemlock(t, "off")
	require.Less(t, memory["VmLck"], 32, "locked memory in kB")
}

func TestX86MemlockOn(t *testing.T) {
	memory := launchMemlock(t, "on")
	require.Positive(t, memory["VmLck"], "locked memory in kB")
	require.GreaterOrEqual(t, memory["VmRSS"]*10, memory["VmSize"]*7, "locked memory is resident: %v", memory)
}

func TestX86MemlockOnFault(t *testing.T) {
	memory := launchMemlock(t, "on-fault")
	require.Positive(t, memory["VmLck"], "locked memory in kB")
	require.LessOrEqual(t, memory["VmRSS"]*10, memory["VmSize"]*3, "only what was touched is resident: %v", memory)
}

// launchMemlock starts a machine with -overcommit mem-lock=mode and returns
// QEMU's use of memory in kB, as /proc/PID/status names it.
func launchMemlock(t *testing.T, mode string) map[string]int {
	requirements := []qemutest.Requirement{
		qemutest.HostOS("linux"),
		qemutest.LockedMemory(2 << 30),
		qemutest.Memory(2 << 30),
	}
	if mode == "on-fault" {
		requirements = append(requirements, qemutest.Version(">= 10.0", "it has no -overcommit mem-lock=on-fault"))
	}
	q := qemutest.New(t, "x86_64", requirements...)
	vm := q.VM("-overcommit", "mem-lock="+mode)
	vm.Launch()

	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", vm.Machine().PID()))
	require.NoError(t, err)
	memory := make(map[string]int)
	for _, m := range regexp.MustCompile(`(?m)^(\w+):\s+(\d+) kB$`).FindAllSubmatch(status, -1) {
		memory[string(m[1])], err = strconv.Atoi(string(m[2]))
		require.NoError(t, err)
	}
	for _, name := range []string{"VmLck", "VmRSS", "VmSize"} {
		require.Contains(t, memory, name)
	}
	return memory
}
