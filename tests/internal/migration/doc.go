// Package migration moves an idle machine, while it runs, from one QEMU to
// another, over every transport that needs nothing but QEMU and a shell.
//
//	func TestAlphaMigration(t *testing.T) {
//		migration.Test(t, "alpha", migration.Machine{Type: "clipper"})
//	}
//
// Both QEMUs are watched through their MIGRATION events, and both have to say
// that they have completed: a source may believe so although the destination
// threw the state away. Then the destination must run, the source must have
// stopped for good, and a mark that only the source's memory had must be in the
// destination's memory.
package migration
