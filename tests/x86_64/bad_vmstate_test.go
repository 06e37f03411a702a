//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/tests/internal/vmstate"
)

// The checker of migration formats, which the vmstate tests rely on, finds all
// differences that were planted in a pair of dumps, and nothing else: the
// harmless differences between the two, among them renamed fields, padding
// instead of a field, and fields gathered in a structure, are no findings.
func TestX86BadVmstate(t *testing.T) {
	t.Parallel()
	var got []string
	var incompatible int
	for _, f := range vmstate.Compare(readDump(t, "source.json"), readDump(t, "destination.json")) {
		got = append(got, f.String())
		if !f.Compatible() {
			incompatible++
		}
	}
	require.Equal(t, []string{
		`Warning: checking incompatible machine types: "pc-i440fx-2.1", "pc-i440fx-2.2"`,
		`Section "fw_cfg" does not exist in dest`,
		`Section "fusbh200-ehci-usb" version error: 2 > 1`,
		`Section "fusbh200-ehci-usb", Description "ehci-core": expected field "usbsts", got "usbsts_pending"; skipping rest`,
		`Section "pci-serial-4x" Description "pci-serial-multi": Entry "Fields" missing`,
		`Section "intel-hda-generic", Description "intel-hda", Field "pci": missing description`,
		`Section "cfi.pflash01": Entry "Description" missing`,
		`Section "megasas", Description "PCIDevice": expected field "irq_state", while dest has no further fields`,
		`Section "PIIX3-xen" Description "PIIX3": minimum version error: 1 < 2`,
		`Section "PIIX3-xen" Description "PIIX3": Entry "Subsections" missing`,
		`Section "tpci200": Description "tpci200" missing, got "tpci2002" instead; skipping`,
		`Section "sun-fdtwo" Description "fdc": version error: 2 > 1`,
		`Section "sun-fdtwo", Description "fdrive": Subsection "fdrive/media_rate" not found`,
		`Section "usb-kbd" Description "usb-kbd" Field "kbd.keycodes" size mismatch: 4 , 2`,
	}, got)
	require.Equal(t, 13, incompatible)
}

// readDump reads one of the pair of dumps in testdata/bad_vmstate. They were
// written for this test, with devices of QEMU cut down to a few fields.
func readDump(t *testing.T, name string) *vmstate.Dump {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "bad_vmstate", name))
	require.NoError(t, err)
	defer f.Close()
	dump, err := vmstate.Decode(f)
	require.NoError(t, err)
	return dump
}
