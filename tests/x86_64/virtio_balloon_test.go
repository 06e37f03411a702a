//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

// The guest's driver of the balloon tells QEMU how the guest uses its memory. A
// reset makes QEMU forget it.
func TestX86VirtioBalloonStatistics(t *testing.T) {
	q := qemutest.New(t, "x86_64",
		qemutest.Machine("q35"),
		qemutest.CPU("max"),
		qemutest.Accel("kvm"),
		qemutest.Device("virtio-balloon"),
		qemutest.Memory(5<<29),
		qemutest.Timeout(4*time.Minute),
		qemutest.Assets(fedora31Kernel, fedora31Initrd, fedora31Disk))

	vm := linux.Boot{
		Kernel: q.Fetch(fedora31Kernel),
		Initrd: q.Fetch(fedora31Initrd),
		Append: "root=/dev/vda1 console=ttyS0 net.ifnames=0 rd.rescue quiet",
		Args: []string{
			"-S", "-accel", "kvm", "-m", "2G",
			"-device", "virtio-balloon,id=balloon",
			"-drive", "file=" + q.Fetch(fedora31Disk) + ",if=none,id=drv0,snapshot=on",
			"-device", "virtio-blk-pci,bus=pcie.0,drive=drv0,id=virtio-disk0,bootindex=1",
		},
	}.Launch(q)
	vm.QMP("qom-set", qemutest.Args{
		"path": balloonPath, "property": "guest-stats-polling-interval", "value": 100, // seconds
	})
	requireNoBalloonStats(t, vm)
	boot := func() {
		booted := time.Now()
		vm.QMP("cont")
		startBalloonDriver(vm)
		requireBalloonStats(t, vm, booted)
	}
	boot()

	// Stopped, the guest cannot start its driver again before the statistics
	// are looked at.
	vm.QMP("stop")
	vm.QMP("system_reset")
	vm.WaitForEvent("RESET")
	requireNoBalloonStats(t, vm)
	boot()
}

const balloonPath = "/machine/peripheral/balloon"

// startBalloonDriver loads the driver from the file system that is installed on
// the disk; the rescue system has none.
func startBalloonDriver(vm *qemutest.VM) {
	waitForRescueShell(vm)
	linux.Run(vm, "until test -b /dev/vda1; do sleep 0.1; done")
	linux.Run(vm, "mount /dev/vda1 /sysroot")
	linux.Run(vm, "chroot /sysroot modprobe virtio-balloon")
}

type balloonStats struct {
	// LastUpdate is when the guest last told them, in seconds of Unix time
	// by the host's clock; 0 for never.
	LastUpdate int64 `json:"last-update"`
	// Stats are in bytes or counts of events.
	Stats map[string]uint64 `json:"stats"`
}

// unsetStat is the value of a statistic that the guest did not tell.
const unsetStat uint64 = math.MaxUint64

func queryBalloonStats(vm *qemutest.VM) balloonStats {
	return qemutest.Query[balloonStats](vm, "qom-get", qemutest.Args{"path": balloonPath, "property": "guest-stats"})
}

func requireNoBalloonStats(t *testing.T, vm *qemutest.VM) {
	t.Helper()
	stats := queryBalloonStats(vm)
	require.Zero(t, stats.LastUpdate)
	require.NotEmpty(t, stats.Stats)
	for name, value := range stats.Stats {
		require.Equal(t, unsetStat, value, name)
	}
}

// requireBalloonStats waits until the guest has told its statistics, of which
// QEMU sends no event, and checks which ones these are.
func requireBalloonStats(t *testing.T, vm *qemutest.VM, booted time.Time) {
	t.Helper()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	stats := queryBalloonStats(vm)
	for stats.LastUpdate == 0 {
		<-again.C
		stats = queryBalloonStats(vm)
	}
	require.GreaterOrEqual(t, stats.LastUpdate, booted.Unix())
	require.LessOrEqual(t, stats.LastUpdate, time.Now().Unix())
	told := []string{
		"stat-available-memory", "stat-disk-caches", "stat-free-memory", "stat-htlb-pgalloc", "stat-htlb-pgfail",
		"stat-major-faults", "stat-minor-faults", "stat-swap-in", "stat-swap-out", "stat-total-memory",
	}
	var got []string
	for name, value := range stats.Stats {
		if value != unsetStat {
			got = append(got, name)
		}
	}
	require.ElementsMatch(t, told, got, "statistics that the guest tells")
}
