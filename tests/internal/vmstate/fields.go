package vmstate

import (
	"fmt"
	"slices"
	"strconv"
)

// unusedField is the name that QEMU gives to the padding that a removed field
// leaves behind.
const unusedField = "unused"

// fields walks both lists in step. Only the order of the values in the stream
// counts, so where one side has gathered fields into a structure, the fields
// of the structure take its place in the list.
func (c *comparer) fields(source, destination []Field, version int) {
	// A description without fields belongs to a device that refuses to
	// migrate; whatever the destination reads, nothing will be sent.
	migratable := len(source) > 0
	for len(source) > 0 && len(destination) > 0 {
		s, d := source[0], destination[0]
		switch {
		case c.sameField(s, d):
			c.field(s, d)
			source, destination = source[1:], destination[1:]
		case c.beginsWith(d, s):
			destination = slices.Concat(d.Description.Fields, destination[1:])
		case c.beginsWith(s, d):
			source = slices.Concat(s.Description.Fields, source[1:])
		case s.Name == unusedField || d.Name == unusedField:
			ns, nd := c.padding(source, destination)
			if ns == 0 {
				c.report(Finding{Kind: UnusedSizeDiffers, Field: s.Name, Source: s.Name, Destination: d.Name})
				return
			}
			source, destination = source[ns:], destination[nd:]
		default:
			ns, nd := c.optional(source, destination, version)
			if ns == 0 && nd == 0 {
				c.report(Finding{Kind: FieldDiffers, Field: s.Name, Source: s.Name, Destination: d.Name})
				return
			}
			c.reportOptional(source[:ns])
			source, destination = source[ns:], destination[nd:]
		}
	}
	c.rest(source, destination, version, migratable)
}

// rest reports what is left when one of the lists has ended.
func (c *comparer) rest(source, destination []Field, version int, migratable bool) {
	for _, s := range source {
		if !s.Conditional {
			c.report(Finding{Kind: FieldMissing, Field: s.Name, Source: s.Name})
			return
		}
		c.reportOptional([]Field{s})
	}
	for _, d := range destination {
		if migratable && !d.skippable(version) {
			c.report(Finding{Kind: FieldAdded, Field: d.Name, Destination: d.Name})
			return
		}
	}
}

// field compares two fields of the same name.
func (c *comparer) field(s, d Field) {
	if s.Version > d.Version {
		c.report(Finding{Kind: VersionTooNew, Field: s.Name, Source: strconv.Itoa(s.Version), Destination: strconv.Itoa(d.Version)})
	}
	sameLength := s.Num == d.Num || !c.source.lengths || !c.destination.lengths
	switch {
	case s.Description == nil && (s.Size != d.Size || !sameLength):
		c.report(Finding{Kind: SizeDiffers, Field: s.Name, Source: s.extent(), Destination: d.extent()})
	case s.Description == nil:
	case d.Description == nil:
		c.report(Finding{Kind: DescriptionMissing, Field: s.Name, Source: s.Description.Name})
	default:
		// The stream has no version for a structure within a structure:
		// the destination reads it as its own version.
		c.description(s.Description, d.Description, d.Description.Version, s.Name)
	}
}

// sameField reports whether both fields have one name, now or before.
func (c *comparer) sameField(s, d Field) bool {
	return same(renamedFields[c.at.Description], s.Name, d.Name)
}

// beginsWith reports whether f is a structure whose first field, at any
// depth, has the name of first.
func (c *comparer) beginsWith(f, first Field) bool {
	for f.Description != nil && len(f.Description.Fields) > 0 {
		f = f.Description.Fields[0]
		if c.sameField(f, first) {
			return true
		}
	}
	return false
}

// padding returns how many fields of either list stand for the same bytes,
// where one of the lists begins with padding. It returns zeros if there is no
// such number.
func (c *comparer) padding(source, destination []Field) (ns, nd int) {
	if source[0].Name == unusedField {
		nd = c.covered(source, destination, c.destination.lengths)
		return min(nd, 1), nd
	}
	ns = c.covered(destination, source, c.source.lengths)
	return ns, min(ns, 1)
}

// covered returns how many of the fields take exactly the bytes of the
// padding at the head of padded, 0 if no number of them does. For a structure
// that is the size in memory, which need not be the size in the stream; the
// dump knows no better.
//
// Without the lengths of arrays a field may be longer than it says. Then the
// names of the fields that follow on both sides must tell.
func (c *comparer) covered(padded, fields []Field, lengths bool) int {
	left := padded[0].total()
	for i, f := range fields {
		left -= f.total()
		follows := c.sameHead(padded[1:], fields[i+1:])
		switch {
		case left < 0:
			return 0
		case left == 0 && (lengths || follows):
			return i + 1
		case !lengths && follows:
			return i + 1
		}
	}
	return 0
}

// sameHead reports whether both lists are at their end, or go on with the
// same field.
func (c *comparer) sameHead(a, b []Field) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	return c.sameField(a[0], b[0]) || a[0].Name == unusedField || b[0].Name == unusedField
}

// optional returns how many fields of either list to leave out for the lists
// to agree again, if leaving out fields that need not be in the stream is all
// it takes. One of the numbers is always 0.
func (c *comparer) optional(source, destination []Field, version int) (ns, nd int) {
	for i, s := range source {
		if i > 0 && c.sameField(s, destination[0]) {
			return i, 0
		}
		if !s.Conditional {
			break
		}
	}
	for i, d := range destination {
		if i > 0 && c.sameField(source[0], d) {
			return 0, i
		}
		if !d.skippable(version) {
			break
		}
	}
	return 0, 0
}

// reportOptional records conditional fields that only the source has.
func (c *comparer) reportOptional(fields []Field) {
	for _, f := range fields {
		c.report(Finding{Kind: ConditionalFieldMissing, Field: f.Name, Source: f.Name})
	}
}

// skippable reports whether a destination can do without the field in a
// stream of the given version.
func (f Field) skippable(version int) bool { return f.Conditional || f.Version > version }

// total returns the number of bytes of the field with all its elements, as
// far as the dump tells.
func (f Field) total() int { return f.Size * max(f.Num, 1) }

// extent is the size as text, with the number of elements of an array.
func (f Field) extent() string {
	if f.Num > 0 {
		return fmt.Sprintf("%d × %d", f.Num, f.Size)
	}
	return strconv.Itoa(f.Size)
}
