package vmstate

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"github.com/qemutest/functional/qemutest"
)

// CheckReference is a functional test: the QEMU under test can read what the
// given older version of QEMU sends when it migrates a machine. The machine
// type is the older version's own, such as pc-q35-7.2 of QEMU 7.2.
func CheckReference(t *testing.T, version, target, machine string) {
	q := qemutest.New(t, target, qemutest.Machine(machine))

	reference, err := LoadReference(version, target, machine)
	q.Check(err)
	path := q.Scratch("vmstate.json")
	q.HostCommand(q.Emulator(), "-nodefaults", "-M", machine, "-dump-vmstate", path)
	dump, err := decodeFile(path)
	q.Check(err)

	report := reference.Compare(dump)
	if len(report.Absent) > 0 {
		t.Logf("not in this QEMU, so nothing can be said of them: %s", strings.Join(report.Absent, ", "))
	}
	for _, k := range report.Known {
		t.Logf("%s (known: %s)", k.Finding, k.Reason)
	}
	for _, f := range report.Incompatible {
		t.Errorf("%s\n  at %s", f, strings.Join(f.Path, " > "))
	}
	if t.Failed() {
		t.Logf("QEMU %s sends these for machine %s, and this QEMU would misread them. Each is either a bug of\n"+
			"migration, to be fixed in QEMU; or a name that changed, which belongs in renames.go; or harmless\n"+
			"for another reason, which belongs in the table of known differences in reference.go.", version, machine)
	}
}

func decodeFile(path string) (*Dump, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Decode(bufio.NewReader(f))
}
