//go:build !qemu_select || qemu_riscv64

package riscv64

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/machine"
)

var (
	p8700Payload = asset.New(
		"https://github.com/MIPS/linux-test-downloads/raw/main/p8700/fw_payload.bin",
		"d6f4ae14d0c178c1d0bb38ddf64557536ca8602a588b220729a8aa17caa383aa")
	p8700Disk = asset.New(
		"https://github.com/MIPS/linux-test-downloads/raw/main/p8700/rootfs.ext2",
		"f937e21b588f0d1d17d10a063053979686897bbbbc5e9617a5582f7c1f48e565")
)

// The board takes from 2 to 64 CPUs.
func TestRISCV64BostonLinux(t *testing.T) {
	for _, cpus := range []string{"2", "64"} {
		t.Run(cpus+" CPUs", func(t *testing.T) {
			q := qemutest.New(t, "riscv64",
				qemutest.Machine("boston-aia"),
				qemutest.CPU("mips-p8700"),
				qemutest.Timeout(5*time.Minute),
				qemutest.Memory(5<<29),
				qemutest.Assets(p8700Payload, p8700Disk))

			vm := q.VM("-m", "2G", "-smp", cpus,
				"-kernel", q.Fetch(p8700Payload),
				"-drive", "file="+q.Fetch(p8700Disk)+",format=raw,snapshot=on")
			vm.Launch()
			vm.WaitFor("OpenSBI")
			vm.WaitFor("Linux version")
			vm.WaitFor("Machine model: MIPS P8700")
			vm.WaitFor("e1000e")
			vm.WaitFor("Network Connection")
			vm.WaitFor("Run /sbin/init as init process")
		})
	}
}

func TestRISCV64BostonTooManyCPUs(t *testing.T) {
	q := qemutest.New(t, "riscv64",
		qemutest.Machine("boston-aia"),
		qemutest.CPU("mips-p8700"))

	err := q.VM("-m", "2G", "-smp", "65").TryLaunch()
	var launch *machine.LaunchError
	require.True(t, errors.As(err, &launch), "expected QEMU to refuse to start, got %v", err)
	require.Equal(t, 1, launch.How.Status)
	require.Contains(t, launch.Output, "Invalid SMP CPUs 65")
}
