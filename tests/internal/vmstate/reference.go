package vmstate

import (
	"bufio"
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Reference is what a released QEMU said of one of its machine types, limited
// to the devices that a user can have in it.
type Reference struct {
	*Dump
	// Onboard are the device types that the machine is built with, also when
	// it is started with -nodefaults.
	Onboard []string
}

// Report is the result of [Reference.Compare].
type Report struct {
	// Incompatible are the findings that speak against the destination.
	Incompatible []Finding
	// Known are findings with an explanation.
	Known []Explained
	// Absent are the device types that the destination does not have and
	// that the machine can do without: removed since, not built in, or in a
	// module that is not installed.
	Absent []string
}

// Explained is a finding that is no news, and why.
type Explained struct {
	Finding
	Reason string
}

//go:embed testdata
var testdata embed.FS

// LoadReference reads the dump that the given version of QEMU made of its
// machine type: LoadReference("7.2", "x86_64", "pc-q35-7.2").
func LoadReference(version, target, machine string) (*Reference, error) {
	name := path.Join("testdata", version, target, machine)
	onboard, err := testdata.ReadFile(name + ".onboard")
	if err != nil {
		return nil, fmt.Errorf("expected a reference dump; testdata/README.md says how to make one: %w", err)
	}
	f, err := testdata.Open(name + ".json.zst")
	if err != nil {
		return nil, fmt.Errorf("expected a reference dump; testdata/README.md says how to make one: %w", err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer z.Close()
	dump, err := Decode(bufio.NewReader(z))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &Reference{Dump: dump, Onboard: strings.Fields(string(onboard))}, nil
}

// Compare holds a dump of the QEMU under test against the reference.
func (r *Reference) Compare(destination *Dump) Report {
	var report Report
	for _, f := range Compare(r.Dump, destination) {
		reason := explanation(f)
		switch {
		case f.Compatible():
		case f.Kind == SectionMissing && !slices.Contains(r.Onboard, f.Section):
			report.Absent = append(report.Absent, f.Section)
		case reason != "":
			report.Known = append(report.Known, Explained{f, reason})
		default:
			report.Incompatible = append(report.Incompatible, f)
		}
	}
	return report
}

// known are differences between QEMU 7.2 and later versions that have been
// looked into. An empty field is equal to anything.
var known = []struct {
	section, description string
	kind                 Kind
	reason               string
}{
	{
		section: "am53c974", description: "esp",
		reason: `the ESP controller changed for good: QEMU 10.0 refuses the state from 7.2 with "Missing section footer"`,
	},
	{
		section: "dc390", description: "esp",
		reason: "like am53c974, which it is a variant of",
	},
	{
		section: "spapr-pci-host-bridge", description: "spapr_pci", kind: ConditionalFieldMissing,
		reason: "only machine types older than pseries-2.8 send it",
	},
}

// explanation returns why a finding is known, "" if it is not.
func explanation(f Finding) string {
	for _, k := range known {
		if f.Section == k.section && f.Description == k.description && (k.kind == MachineDiffers || k.kind == f.Kind) {
			return k.reason
		}
	}
	return ""
}
