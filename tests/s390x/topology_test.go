//go:build !qemu_select || qemu_s390x

package s390x

import (
	"cmp"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/archive"
	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/qmp"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	fedora35Kernel = asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora-secondary/releases/35/Server/s390x/os/images/kernel.img",
		"1f2dddfd11bb1393dd2eb2e784036fbf6fc11057a6d7d27f9eb12d3edc67ef73")
	fedora35Initrd = asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora-secondary/releases/35/Server/s390x/os/images/initrd.img",
		"1100145fbca00240c8c372ae4b89b48c99844bc189b3dfbc3f481dc60055ca46")
)

// roomFor24 follows the number of CPUs: 2 drawers of 2 books of 3 sockets of 2
// cores.
const roomFor24 = ",drawers=2,books=2,sockets=3,cores=2,maxcpus=24"

func TestS390XTopologySingle(t *testing.T) {
	bootTopology(t).check(core{})
}

// Without being told otherwise, QEMU fills the sockets one after another.
func TestS390XTopologyDefault(t *testing.T) {
	guest := bootTopology(t, "-smp", "13"+roomFor24)
	for id := range 13 {
		guest.check(core{ID: id, Socket: id / 2 % 3, Book: id / 6 % 2, Drawer: id / 12})
	}
}

func TestS390XTopologyMove(t *testing.T) {
	guest := bootTopology(t, "-smp", "1"+roomFor24)
	guest.check(core{})
	guest.set(qemutest.Args{"core-id": 0, "socket-id": 2, "entitlement": "low"})
	guest.check(core{Socket: 2, Entitlement: "low"})
}

func TestS390XTopologyDevices(t *testing.T) {
	const there = ",book-id=1,drawer-id=1"
	guest := bootTopology(t, "-smp", "1"+roomFor24,
		"-device", "max-s390x-cpu,core-id=10",
		"-device", "max-s390x-cpu,core-id=1,socket-id=0,entitlement=low"+there,
		"-device", "max-s390x-cpu,core-id=2,socket-id=0,entitlement=medium"+there,
		"-device", "max-s390x-cpu,core-id=3,socket-id=1,entitlement=high"+there,
		"-device", "max-s390x-cpu,core-id=4,socket-id=1"+there,
		"-device", "max-s390x-cpu,core-id=5,socket-id=2,dedicated=true"+there)
	for _, c := range []core{
		{ID: 10, Socket: 2, Book: 1},
		{ID: 1, Book: 1, Drawer: 1, Entitlement: "low"},
		{ID: 2, Book: 1, Drawer: 1},
		{ID: 3, Socket: 1, Book: 1, Drawer: 1, Entitlement: "high"},
		{ID: 4, Socket: 1, Book: 1, Drawer: 1},
		{ID: 5, Socket: 2, Book: 1, Drawer: 1, Entitlement: "high", Dedicated: true},
	} {
		guest.check(c)
	}
}

// QEMU follows the guest between horizontal and vertical polarization.
func TestS390XTopologyPolarization(t *testing.T) {
	guest := bootTopology(t)
	guest.initialize()
	guest.checkPolarization("horizontal")
	guest.check(core{})
	guest.dispatch(vertical)
	guest.checkPolarization("vertical")
	guest.check(core{})
	guest.dispatch(horizontal)
	guest.checkPolarization("horizontal")
	guest.check(core{})
}

// The guest sees the entitlement as long as its polarization is vertical.
func TestS390XTopologyEntitlement(t *testing.T) {
	guest := bootTopology(t)
	guest.initialize()
	guest.waitForPolarization("horizontal")
	guest.check(core{})

	guest.dispatch(vertical)
	guest.waitForPolarization("vertical:medium")
	guest.check(core{})
	for _, entitlement := range []string{"low", "medium", "high"} {
		guest.set(qemutest.Args{"core-id": 0, "entitlement": entitlement})
		guest.waitForPolarization("vertical:" + entitlement)
		guest.check(core{Entitlement: entitlement})
	}

	guest.dispatch(horizontal)
	guest.waitForPolarization("horizontal")
	guest.check(core{Entitlement: "high"})
}

// A dedicated CPU has the high entitlement.
func TestS390XTopologyDedicated(t *testing.T) {
	dedicated := core{Entitlement: "high", Dedicated: true}
	guest := bootTopology(t)
	guest.initialize()
	guest.waitForPolarization("horizontal")

	guest.set(qemutest.Args{"core-id": 0, "dedicated": true})
	guest.check(dedicated)
	guest.waitForPolarization("horizontal")

	guest.dispatch(vertical)
	guest.check(dedicated)
	guest.waitForPolarization("vertical:high")

	guest.dispatch(horizontal)
	guest.check(dedicated)
	guest.waitForPolarization("horizontal")
}

// A socket of two cores has no room for a third one.
func TestS390XTopologySocketFull(t *testing.T) {
	guest := bootTopology(t, "-smp", "3"+roomFor24)
	guest.initialize()
	guest.refuse(qemutest.Args{"core-id": 2, "socket-id": 0, "book-id": 0})
	guest.set(qemutest.Args{"core-id": 2, "socket-id": 0, "book-id": 1})
}

// A dedicated CPU can't have less than the high entitlement, unless it ceases to
// be dedicated.
func TestS390XTopologyDedicatedError(t *testing.T) {
	dedicated := core{Entitlement: "high", Dedicated: true}
	guest := bootTopology(t)
	guest.initialize()
	guest.set(qemutest.Args{"core-id": 0, "dedicated": true})
	guest.check(dedicated)
	guest.dispatch(vertical)
	guest.check(dedicated)
	for _, entitlement := range []string{"low", "medium"} {
		guest.refuse(qemutest.Args{"core-id": 0, "entitlement": entitlement, "dedicated": true})
		guest.refuse(qemutest.Args{"core-id": 0, "entitlement": entitlement})
	}
	for _, entitlement := range []string{"low", "medium"} {
		guest.set(qemutest.Args{"core-id": 0, "entitlement": entitlement, "dedicated": false})
	}
}

// A CPU can't move to where there is nothing.
func TestS390XTopologyMoveError(t *testing.T) {
	guest := bootTopology(t)
	guest.initialize()
	for _, place := range []string{"drawer-id", "book-id", "socket-id"} {
		guest.refuse(qemutest.Args{"core-id": 0, place: 1})
	}
	guest.check(core{})
}

// A core is a CPU and where it is. Its entitlement is medium if not given.
type core struct {
	ID, Socket, Book, Drawer int
	Entitlement              string
	Dedicated                bool
}

// What the guest writes to choose a polarization.
const (
	horizontal = 0
	vertical   = 1
)

// A topologyGuest is Linux at its shell, on a machine whose CPU topology it
// sees.
type topologyGuest struct {
	*qemutest.VM
	t *testing.T
}

func bootTopology(t *testing.T, args ...string) topologyGuest {
	q := qemutest.New(t, "s390x",
		qemutest.Machine("s390-ccw-virtio"),
		qemutest.CPU("max,ctop=on"),
		qemutest.Accel("kvm"),
		qemutest.Version(">= 8.2", "it has no CPU topology"),
		qemutest.Memory(1<<30),
		qemutest.Assets(fedora35Kernel, fedora35Initrd))

	vm := linux.Boot{
		Kernel: q.Fetch(fedora35Kernel),
		Initrd: q.DecompressWith(fedora35Initrd, archive.Options{Compression: archive.XZ}),
		Append: "root=/dev/ram selinux=0 rdinit=/bin/sh",
		Args:   append([]string{"-accel", "kvm", "-m", "512"}, args...),
	}.Launch(q)
	vm.WaitFor("no job control")
	return topologyGuest{vm, t}
}

// check compares a core with what QEMU says of it.
func (g topologyGuest) check(want core) {
	g.t.Helper()
	want.Entitlement = cmp.Or(want.Entitlement, "medium")
	type cpu struct {
		Props struct {
			Core   int `json:"core-id"`
			Socket int `json:"socket-id"`
			Book   int `json:"book-id"`
			Drawer int `json:"drawer-id"`
		} `json:"props"`
		Entitlement string `json:"entitlement"`
		Dedicated   bool   `json:"dedicated"`
	}
	var cores []core
	for _, c := range qemutest.Query[[]cpu](g.VM, "query-cpus-fast") {
		cores = append(cores, core{c.Props.Core, c.Props.Socket, c.Props.Book, c.Props.Drawer, c.Entitlement, c.Dedicated})
	}
	require.Contains(g.t, cores, want)
}

func (g topologyGuest) checkPolarization(want string) {
	g.t.Helper()
	info := qemutest.Query[struct{ Polarization string }](g.VM, "query-s390x-cpu-polarization")
	require.Equal(g.t, want, info.Polarization)
}

func (g topologyGuest) set(args qemutest.Args) {
	g.t.Helper()
	g.QMP("set-cpu-topology", args)
}

// refuse sets what QEMU must refuse.
func (g topologyGuest) refuse(args qemutest.Args) {
	g.t.Helper()
	_, err := g.TryQMP("set-cpu-topology", args)
	var refusal *qmp.Error
	require.ErrorAs(g.t, err, &refusal, "set-cpu-topology %v", args)
	require.Equal(g.t, qmp.ClassGeneric, refusal.Class)
}

// initialize mounts what the other methods need; the polarization is horizontal
// then.
func (g topologyGuest) initialize() {
	g.t.Helper()
	g.Exec("mount proc -t proc /proc; mount sys -t sysfs /sys; echo mounted' 'all", "mounted all")
	g.checkDispatching(horizontal)
}

// dispatch makes the guest choose a polarization, and waits until QEMU has heard
// of it.
func (g topologyGuest) dispatch(polarization int) {
	g.t.Helper()
	g.SendLine(fmt.Sprintf("echo %d > /sys/devices/system/cpu/dispatching", polarization))
	g.WaitForEvent("CPU_POLARIZATION_CHANGE")
	g.checkDispatching(polarization)
}

func (g topologyGuest) checkDispatching(polarization int) {
	g.t.Helper()
	g.Exec(`echo "dispatching"=$(cat /sys/devices/system/cpu/dispatching)`, fmt.Sprintf("dispatching=%d", polarization))
}

// waitForPolarization waits until the guest sees a polarization of its first
// CPU, which follows a change after a moment.
func (g topologyGuest) waitForPolarization(polarization string) {
	g.t.Helper()
	g.Exec(fmt.Sprintf(`until [ "$(cat /sys/devices/system/cpu/cpu0/polarization)" = %s ]; do sleep 0.01; done; echo polarization' 'reached`, polarization),
		"polarization reached")
}
