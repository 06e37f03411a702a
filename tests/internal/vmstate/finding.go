package vmstate

import "fmt"

// Kind says what two dumps disagree in.
type Kind int

// The kinds of findings. All but MachineDiffers mean that the destination
// would misread, or refuse, what the source sends.
const (
	// MachineDiffers: the dumps were made with different machine types. A
	// remark, as comparing two versions of a machine is legitimate.
	MachineDiffers Kind = iota
	// SectionMissing: the destination does not know the device type.
	SectionMissing
	// EntryMissing: a member of a section or a description, such as
	// "Fields", is missing in the destination.
	EntryMissing
	// VersionTooNew: the source sends a newer version than the destination
	// knows.
	VersionTooNew
	// VersionTooOld: the source sends a version older than the oldest one
	// that the destination reads.
	VersionTooOld
	// DescriptionDiffers: the state has another name in the stream.
	DescriptionDiffers
	// DescriptionMissing: a field is a structure in the source only.
	DescriptionMissing
	// SubsectionMissing: the destination does not know a subsection.
	SubsectionMissing
	// FieldDiffers: another field follows at this place. The rest of the
	// list is not compared.
	FieldDiffers
	// FieldMissing: the destination's list of fields ends early.
	FieldMissing
	// FieldAdded: the destination expects a further field that the source
	// does not send.
	FieldAdded
	// ConditionalFieldMissing: a field that the source sends under a
	// condition does not exist in the destination. Whether the condition can
	// be true for the machine at hand is for a person to say.
	ConditionalFieldMissing
	// SizeDiffers: a plain value has another size, or an array another
	// length.
	SizeDiffers
	// UnusedSizeDiffers: padding does not cover the same bytes as the fields
	// that it replaces. The rest of the list is not compared.
	UnusedSizeDiffers
)

// Finding is one place where the destination's format differs from the
// source's.
type Finding struct {
	Kind Kind
	// Section is the device type.
	Section string
	// Path leads from the section down to the difference: names of
	// descriptions, and of the fields and subsections that they are in. It
	// is empty for a finding about the section as a whole.
	Path []string
	// Description is the name of the innermost description on the path.
	Description string
	// Field is the field at fault, if it is one.
	Field string
	// Source and Destination are the values that differ: version numbers,
	// sizes in bytes, or names. Destination is empty where something is
	// missing, and Source where something was added.
	Source, Destination string
}

// Compatible reports whether the finding is a mere remark.
func (f Finding) Compatible() bool { return f.Kind == MachineDiffers }

// String returns the line that QEMU's vmstate-static-checker.py prints.
func (f Finding) String() string {
	switch f.Kind {
	case MachineDiffers:
		return fmt.Sprintf("Warning: checking incompatible machine types: %q, %q", f.Source, f.Destination)
	case SectionMissing:
		return fmt.Sprintf("Section %q does not exist in dest", f.Section)
	case EntryMissing:
		return fmt.Sprintf("%s: Entry %q missing", f.place(" "), f.Source)
	case VersionTooNew:
		return fmt.Sprintf("%s version error: %s > %s", f.versionPlace(), f.Source, f.Destination)
	case VersionTooOld:
		return fmt.Sprintf("%s minimum version error: %s < %s", f.versionPlace(), f.Source, f.Destination)
	case DescriptionDiffers:
		return fmt.Sprintf("Section %q: Description %q missing, got %q instead; skipping", f.Section, f.Source, f.Destination)
	case DescriptionMissing:
		return fmt.Sprintf("%s, Field %q: missing description", f.place(", "), f.Field)
	case SubsectionMissing:
		return fmt.Sprintf("%s: Subsection %q not found", f.place(", "), f.Source)
	case FieldDiffers:
		return fmt.Sprintf("%s: expected field %q, got %q; skipping rest", f.place(", "), f.Source, f.Destination)
	case FieldMissing:
		return fmt.Sprintf("%s: expected field %q, while dest has no further fields", f.place(", "), f.Source)
	case FieldAdded:
		return fmt.Sprintf("%s: dest expects a further field %q", f.place(", "), f.Destination)
	case ConditionalFieldMissing:
		return fmt.Sprintf("%s: conditional field %q does not exist in dest", f.place(", "), f.Source)
	case SizeDiffers:
		return fmt.Sprintf("%s Field %q size mismatch: %s , %s", f.place(" "), f.Field, f.Source, f.Destination)
	case UnusedSizeDiffers:
		return fmt.Sprintf("%s: unused size mismatch near %q", f.place(", "), f.Field)
	}
	return fmt.Sprintf("Section %q: difference of unknown kind %d", f.Section, int(f.Kind))
}

// place names section and description; the checker's lines separate the two
// now by a comma, now by a blank.
func (f Finding) place(separator string) string {
	if f.Description == "" {
		return fmt.Sprintf("Section %q", f.Section)
	}
	return fmt.Sprintf("Section %q%sDescription %q", f.Section, separator, f.Description)
}

func (f Finding) versionPlace() string {
	switch {
	case f.Field != "":
		return fmt.Sprintf("%s Field %q:", f.place(" "), f.Field)
	case f.Description != "":
		return f.place(" ") + ":"
	}
	return f.place(" ")
}
