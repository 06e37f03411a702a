// Package vmstate finds out, without running a guest, whether the device
// state that one QEMU sends in a migration can be read by another.
//
// QEMU describes the migration format of all its devices as JSON:
//
//	qemu-system-x86_64 -nodefaults -M pc-q35-7.2 -dump-vmstate q35.json
//
// [Decode] reads such a description and [Compare] walks two of them, source
// and destination, in step:
//
//	for _, f := range vmstate.Compare(source, destination) {
//		fmt.Println(f) // Section "fw_cfg" does not exist in dest
//	}
//
// The comparison follows QEMU's scripts/vmstate-static-checker.py as of QEMU
// 11.0, and a [Finding] prints the line that the script prints. It sees more
// than the script:
//
//   - fields that the destination expects after those that the source sends,
//     unless a condition or a version keeps it from reading them;
//   - arrays of another length, if both dumps tell the lengths;
//   - renamed fields that change places: names that count as the same are
//     pairs, not sets;
//   - a section whose minimum version in the destination exceeds the source's
//     version; the script prints half a line and does not count it.
//
// And it goes on where the script gives up: past fields that one side sends or
// reads only under a condition, and past padding that replaces an array whose
// length an old dump does not tell.
//
// # What a dump says, and what it does not
//
// A dump lists the device types that the binary knows, modules included that
// can be loaded, whether or not the machine has such a device. Its sections
// are named by type, but the migration stream is not: it carries the name of
// the state description. A device type that is missing in the destination is
// therefore no fault of the format, it only means that this device can't be
// in a machine that migrates there: it was removed on purpose, or it lives in
// a module that is not installed. [Reference.Compare] separates the two: a
// section that the machine is built with must exist, any other may be absent.
//
// A dump says nothing of conditions: whether a field with field_exists or a
// subsection with a needed function is sent depends on the running machine.
// Nor does it tell how the elements of an array are encoded. So a clean
// comparison does not prove that a migration works, and a finding can be a
// false alarm, most often because a C field got a new name, which is invisible
// in the stream. Names that are known to have changed are in renames.go.
//
// # Reference dumps
//
// testdata holds what QEMU 7.2 said about its own newest machine types;
// [LoadReference] reads it and [CheckReference] is the functional test that
// holds the QEMU under test against it.
package vmstate
