//go:build !qemu_select || qemu_ppc64

package ppc64

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/migration"
)

var fedora29Kernel = asset.New(
	"https://archives.fedoraproject.org/pub/archive/fedora-secondary/releases/29/Everything/ppc64le/os/ppc/ppc64/vmlinuz",
	"383c2f5c23bc0d9d32680c3924d3fd7ee25cc5ef97091ac1aa5e1d853422fc5f")

func TestPPC64PseriesLinux(t *testing.T) {
	for _, boot := range []rootlessBoot{
		{name: "SLOF", machine: "pseries"},
		{name: "VOF", machine: "pseries,x-vof=on"},
		{
			name:    "SMP",
			machine: "pseries",
			args:    []string{"-smp", "4"},
			lines:   []string{"smp: Brought up 1 node, 4 CPUs"},
		},
		{
			name:    "SMP with hashed page table",
			machine: "pseries",
			words:   " disable_radix",
			args:    []string{"-smp", "4"},
			lines:   []string{"hash-mmu: Initializing hash mmu", "smp: Brought up 1 node, 4 CPUs"},
		},
		{
			name:    "SMT",
			machine: "pseries",
			args:    []string{"-smp", "4,threads=4"},
			lines:   []string{"CPU maps initialized for 4 threads per core", "smp: Brought up 1 node, 4 CPUs"},
		},
		{
			name:    "NUMA",
			machine: "pseries",
			args: []string{
				"-smp", "16,threads=4,cores=2,sockets=2",
				"-m", "512M",
				"-object", "memory-backend-ram,size=256M,id=m0",
				"-object", "memory-backend-ram,size=256M,id=m1",
				"-numa", "node,nodeid=0,memdev=m0",
				"-numa", "node,nodeid=1,memdev=m1",
			},
			lines: []string{"CPU maps initialized for 4 threads per core", "smp: Brought up 2 nodes, 16 CPUs"},
		},
	} {
		boot.kernel = fedora29Kernel
		t.Run(boot.name, boot.run)
	}
}

// The boot goes on at the destination where the source left it.
func TestPPC64PseriesMigrationDuringBoot(t *testing.T) {
	q := qemutest.New(t, "ppc64",
		qemutest.Machine("pseries"),
		qemutest.Timeout(4*time.Minute),
		qemutest.Memory(2<<30),
		qemutest.Assets(fedora29Kernel))

	args := []string{
		"-smp", "4", "-nodefaults",
		"-kernel", q.Fetch(fedora29Kernel),
		"-append", "printk.time=0 console=hvc0",
	}
	destination := q.NamedVM("destination", append(args, "-incoming", "defer")...)
	expectPanic(destination)
	source := q.NamedVM("source", args...)
	destination.Launch()
	source.Launch()
	source.WaitFor("smp: Brought up 1 node, 4 CPUs")
	q.Check(migration.Migrate(q, source, destination, migration.TCP))
	destination.WaitFor("VFS: Cannot open root device", panicText)
}
