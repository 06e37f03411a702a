package vmstate

import (
	"slices"
	"strconv"
)

// Compare walks the source's sections in their order and returns, in that
// order, everything in which the destination differs such that it would not
// read, or might not read, what the source sends. Sections, subsections and
// optional fields that only the destination has are no findings.
//
// To check the way back, exchange the arguments.
func Compare(source, destination *Dump) []Finding {
	c := comparer{source: source, destination: destination}
	if source.Machine != destination.Machine {
		c.report(Finding{Kind: MachineDiffers, Source: source.Machine, Destination: destination.Machine})
	}
	for i := range source.Sections {
		s := &source.Sections[i]
		c.at = Finding{Section: s.Name}
		if d := destination.renamedSection(s.Name); d != nil {
			c.section(s, d)
		} else {
			c.report(Finding{Kind: SectionMissing, Source: s.Name})
		}
	}
	return c.findings
}

// comparer walks down a section; at is the place it has reached.
type comparer struct {
	source, destination *Dump
	findings            []Finding
	at                  Finding
}

// report records a finding at the place that the walk has reached.
func (c *comparer) report(f Finding) {
	f.Section, f.Description = c.at.Section, c.at.Description
	f.Path = slices.Clone(c.at.Path)
	c.findings = append(c.findings, f)
}

func (c *comparer) section(s, d *Section) {
	c.versions(s.Version, d.Version, d.MinimumVersion)
	for _, entry := range s.entries {
		switch {
		case !d.entries.has(entry):
			c.report(Finding{Kind: EntryMissing, Source: entry})
		case entry == "Description":
			c.description(s.Description, d.Description, s.Version)
		}
	}
}

// versions checks the version of a section or description.
func (c *comparer) versions(source, destination, minimum int) {
	if source > destination {
		c.report(Finding{Kind: VersionTooNew, Source: strconv.Itoa(source), Destination: strconv.Itoa(destination)})
	}
	if source < minimum {
		c.report(Finding{Kind: VersionTooOld, Source: strconv.Itoa(source), Destination: strconv.Itoa(minimum)})
	}
}

// description compares the states s and d. version is the one by which the
// destination decides what to read; via is the field that holds the state, if
// it is a structure.
func (c *comparer) description(s, d *Description, version int, via ...string) {
	outer := c.at
	defer func() { c.at = outer }()
	c.at.Path = slices.Concat(outer.Path, via, []string{s.Name})
	c.at.Description = s.Name

	c.versions(s.Version, d.Version, d.MinimumVersion)
	if !sameDescription(c.at.Section, s.Name, d.Name) {
		c.report(Finding{Kind: DescriptionDiffers, Source: s.Name, Destination: d.Name})
		return
	}
	for _, entry := range s.entries {
		switch {
		case !d.entries.has(entry):
			c.report(Finding{Kind: EntryMissing, Source: entry})
		case entry == "Fields":
			c.fields(s.Fields, d.Fields, version)
		case entry == "Subsections":
			c.subsections(s.Subsections, d.Subsections)
		}
	}
}

// subsections finds each subsection of the source by its name.
func (c *comparer) subsections(source, destination []Description) {
	for i := range source {
		s := &source[i]
		j := slices.IndexFunc(destination, func(d Description) bool { return d.Name == s.Name })
		if j < 0 {
			c.report(Finding{Kind: SubsectionMissing, Source: s.Name})
			continue
		}
		c.description(s, &destination[j], s.Version)
	}
}
