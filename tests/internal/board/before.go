package board

import "github.com/qemutest/functional/qemutest"

// Before is what older versions of QEMU lack of a board that they have.
type Before struct {
	// Major and Minor are the first version that has it.
	Major, Minor int
	// Lacks tells what that is, for the log.
	Lacks string
	// Change takes it out of the row.
	Change func(*Board)
}

// applies reports whether QEMU is older.
func (o Before) applies(major, minor int) bool {
	return major < o.Major || major == o.Major && minor < o.Minor
}

// adapt returns the row for the version of QEMU under test.
func (b Board) adapt(q *qemutest.Test) Board {
	version := q.Capabilities().Version
	for _, old := range b.Before {
		if old.applies(version.Major, version.Minor) {
			q.Logf("Before QEMU %d.%d there is no %s: not tested", old.Major, old.Minor, old.Lacks)
			old.Change(&b)
		}
	}
	return b
}
