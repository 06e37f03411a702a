package machine

import (
	"slices"
	"strings"

	"github.com/qemutest/functional/qemutest/qmp"
)

// Capabilities are what an emulator can do, as it says itself.
type Capabilities struct {
	Binary   string      // the path that was asked
	Target   string      // QEMU's name of the target, such as "x86_64" (query-target)
	Version  qmp.Version // of QEMU
	Machines []MachineType
	Devices  []DeviceModel
	Netdevs  []string // back ends that -netdev takes, such as "user"
	Accels   []string // accelerators that are built in, such as "tcg"; they may not work on this host
	CPUs     []string // CPU models that -cpu takes
}

// MachineType is a kind of machine that an emulator can be.
type MachineType struct {
	Name       string // "pc-q35-10.0"
	Alias      string // "q35"; "" for none
	Default    bool   // the one without -machine
	Deprecated bool
	MaxCPUs    int
	DefaultCPU string // QOM type of its CPU, such as "qemu64-x86_64-cpu"; "" for none
}

// DeviceModel is a device that -device takes.
type DeviceModel struct {
	Name  string // "virtio-net-pci"
	Alias string // "virtio-net"; "" for none
	Bus   string // type of the bus that it plugs into, such as "PCI"; "" for none
}

// HasMachine reports whether value is a machine type, by its exact name or
// alias. As for -machine, options may follow a comma.
func (c *Capabilities) HasMachine(value string) bool {
	name, _, _ := strings.Cut(value, ",")
	return slices.ContainsFunc(c.Machines, func(m MachineType) bool { return named(name, m.Name, m.Alias) })
}

// HasDevice reports whether value is a device that -device takes, by its exact
// name or alias. Options may follow a comma. Devices that belong to a board
// cannot be added and are not found. A device that is found may need a bus that
// a machine does not have.
func (c *Capabilities) HasDevice(value string) bool {
	name, _, _ := strings.Cut(value, ",")
	return slices.ContainsFunc(c.Devices, func(d DeviceModel) bool { return named(name, d.Name, d.Alias) })
}

// HasNetdev reports whether value is a network back end that -netdev takes.
// Options may follow a comma.
func (c *Capabilities) HasNetdev(value string) bool {
	name, _, _ := strings.Cut(value, ",")
	return slices.Contains(c.Netdevs, name)
}

// HasAccel reports whether value is an accelerator that is built in. Options
// may follow a comma. Whether this host can use it is another question: see
// [UsableKVM].
func (c *Capabilities) HasAccel(value string) bool {
	name, _, _ := strings.Cut(value, ",")
	return slices.Contains(c.Accels, name)
}

// HasCPU reports whether value is a CPU model. Features may follow a comma.
// Where QEMU takes a name in any case and with spaces (ppc, sparc), this does
// too.
func (c *Capabilities) HasCPU(value string) bool {
	name, _, _ := strings.Cut(value, ",")
	if !strings.HasPrefix(c.Target, "ppc") && !strings.HasPrefix(c.Target, "sparc") {
		return slices.Contains(c.CPUs, name)
	}
	name = strings.ReplaceAll(name, " ", "-")
	return slices.ContainsFunc(c.CPUs, func(model string) bool { return strings.EqualFold(model, name) })
}

func named(name string, names ...string) bool {
	return name != "" && slices.Contains(names, name)
}
