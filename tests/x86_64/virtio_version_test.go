//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
)

// virtioDevice is a device of the virtio specification, version 1.2: its
// number (section 5), and the PCI device ID that it has for drivers from before
// version 1.0 (section 4.1.2.1).
type virtioDevice struct {
	name     string
	id       int
	legacyID int
	alone    bool // a machine may have only one
}

const (
	virtioVendor = 0x1af4
	// The PCI device ID of a device without a legacy interface is this plus
	// its number.
	virtioModernBase = 0x1040

	modern       = "disable-modern=off,disable-legacy=on"
	transitional = "disable-modern=off,disable-legacy=off"
	legacy       = "disable-modern=on,disable-legacy=off"
)

// Devices that existed before version 1.0 come in three forms: legacy, modern,
// and transitional, which is both.
func TestX86VirtioVersion(t *testing.T) {
	for _, device := range []virtioDevice{
		{name: "virtio-net-pci", id: 1, legacyID: 0x1000},
		{name: "virtio-balloon-pci", id: 5, legacyID: 0x1002, alone: true},
		{name: "virtio-serial-pci", id: 3, legacyID: 0x1003},
		{name: "virtio-scsi-pci", id: 8, legacyID: 0x1004},
		{name: "virtio-rng-pci", id: 4, legacyID: 0x1005},
	} {
		t.Run(device.name, func(t *testing.T) {
			q := qemutest.New(t, "x86_64", qemutest.Machine("pc"), qemutest.Device(device.name))
			vm, plugged := plug(q, device.alone,
				device.name+","+modern+",id=forced-modern",
				device.name+"-non-transitional,id=non-transitional",
				device.name+","+transitional+",id=forced-transitional",
				device.name+","+legacy+",id=forced-legacy",
				device.name+",id=plain",
				device.name+"-transitional,id=transitional")
			requireModern(t, device, plugged["forced-modern"])
			assert.Equal(t, plugged["forced-modern"], plugged["non-transitional"])
			requireLegacy(t, device, plugged["forced-transitional"])
			requireLegacy(t, device, plugged["forced-legacy"])
			assert.Equal(t, plugged["forced-transitional"], plugged["plain"])
			assert.Equal(t, plugged["forced-transitional"], plugged["transitional"])

			express, conventional := implementers(vm, "pci-express-device"), implementers(vm, "conventional-pci-device")
			for _, name := range []string{device.name, device.name + "-non-transitional"} {
				assert.Contains(t, express, name)
				assert.Contains(t, conventional, name)
			}
			assert.NotContains(t, express, device.name+"-transitional")
			assert.Contains(t, conventional, device.name+"-transitional")
		})
	}
}

// Devices that are younger than version 1.0 are always modern.
func TestX86VirtioVersionModernOnly(t *testing.T) {
	for _, device := range []virtioDevice{
		{name: "virtio-vga", id: 16},
		{name: "virtio-gpu-pci", id: 16},
		{name: "virtio-mouse-pci", id: 18},
		{name: "virtio-tablet-pci", id: 18},
		{name: "virtio-keyboard-pci", id: 18},
	} {
		t.Run(device.name, func(t *testing.T) {
			q := qemutest.New(t, "x86_64", qemutest.Machine("pc"), qemutest.Device(device.name))
			vm, plugged := plug(q, device.alone,
				device.name+","+modern+",id=forced-modern",
				device.name+",id=plain")
			requireModern(t, device, plugged["forced-modern"])
			assert.Equal(t, plugged["forced-modern"], plugged["plain"])
			assert.Contains(t, implementers(vm, "pci-express-device"), device.name)
			assert.Contains(t, implementers(vm, "conventional-pci-device"), device.name)
		})
	}
}

// pciDevice is what tells a driver which device it has: parts of QMP's
// PciDeviceInfo.
type pciDevice struct {
	ID struct {
		Device          int `json:"device"`
		Vendor          int `json:"vendor"`
		Subsystem       int `json:"subsystem"`
		SubsystemVendor int `json:"subsystem-vendor"`
	} `json:"id"`
	Class struct {
		Class int `json:"class"`
	} `json:"class_info"`
}

// plug starts a machine with devices, or one for each if they must be alone, and
// returns the last machine and what all the devices look like to drivers, by
// their ids.
func plug(q *qemutest.Test, alone bool, devices ...string) (vm *qemutest.VM, plugged map[string]pciDevice) {
	if alone {
		plugged = make(map[string]pciDevice)
		for _, device := range devices {
			var one map[string]pciDevice
			vm, one = plug(q, false, device)
			maps.Copy(plugged, one)
		}
		return vm, plugged
	}
	vm = q.VM("-S")
	for _, device := range devices {
		vm.AddArgs("-device", device)
	}
	vm.Launch()
	return vm, queryPCI(vm)
}

// queryPCI returns the PCI devices of a machine by the id of their -device.
func queryPCI(vm *qemutest.VM) map[string]pciDevice {
	type bus struct {
		Devices []struct {
			QdevID string `json:"qdev_id"`
			pciDevice
		} `json:"devices"`
	}
	devices := make(map[string]pciDevice)
	for _, bus := range qemutest.Query[[]bus](vm, "query-pci") {
		for _, device := range bus.Devices {
			devices[device.QdevID] = device.pciDevice
		}
	}
	return devices
}

func requireModern(t *testing.T, want virtioDevice, got pciDevice) {
	t.Helper()
	require.Equal(t, virtioVendor, got.ID.Vendor)
	require.Equal(t, virtioModernBase+want.id, got.ID.Device)
	require.GreaterOrEqual(t, got.ID.Subsystem, 0x40, "a driver from before version 1.0 must not match")
}

func requireLegacy(t *testing.T, want virtioDevice, got pciDevice) {
	t.Helper()
	require.Equal(t, virtioVendor, got.ID.Vendor)
	require.Equal(t, want.legacyID, got.ID.Device)
	require.Equal(t, want.id, got.ID.Subsystem, "the subsystem ID tells the device")
}

// implementers returns the names of the types that implement an interface.
func implementers(vm *qemutest.VM, iface string) []string {
	type qomType struct {
		Name string `json:"name"`
	}
	var names []string
	for _, t := range qemutest.Query[[]qomType](vm, "qom-list-types", qemutest.Args{"implements": iface}) {
		names = append(names, t.Name)
	}
	return names
}
