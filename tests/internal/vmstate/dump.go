package vmstate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// machineKey is the member of a dump that names the machine type; every other
// member is a section.
const machineKey = "vmschkmachine"

// maxDepth bounds how deep structures may nest in structures. Dumps of QEMU
// 7.2 to 10.0 nest at most 5 deep; the limit keeps a malformed file from
// exhausting the stack.
const maxDepth = 64

// Dump is the migration format of all devices of one QEMU binary, as
// -dump-vmstate writes it.
type Dump struct {
	// Machine is the machine type that the dump was made with. Compatibility
	// properties of the machine can change the format of a device.
	Machine string
	// Sections are in the order of the file.
	Sections []Section

	index map[string]int
	// lengths is whether the dump gives the lengths of arrays: QEMU 10.0
	// does, QEMU 7.2 does not.
	lengths bool
}

// Section is the format of one device type.
type Section struct {
	// Name is the QOM type name of the device, such as "e1000".
	Name string
	// Version is the version of the format, and MinimumVersion the oldest
	// one that the device still reads.
	Version, MinimumVersion int
	// Description is nil when the section has none.
	Description *Description

	entries entries
}

// Description is a VMStateDescription of QEMU: the state of a device, or of a
// structure or subsection within it.
type Description struct {
	// Name is what the migration stream calls this state.
	Name string
	// Version is the version of the format, and MinimumVersion the oldest
	// one that can still be read.
	Version, MinimumVersion int
	// Fields follow each other in the stream without names or lengths.
	Fields []Field
	// Subsections are optional parts that the stream finds by their names.
	Subsections []Description

	entries entries
}

// Field is one entry of a [Description].
type Field struct {
	// Name is the name of the member in QEMU's C structure; it is not part
	// of the stream. The name "unused" marks padding.
	Name string
	// Version is the version of the description that introduced the field.
	Version int
	// Size is the size of the value, or of one element of an array, in bytes.
	Size int
	// Num is the number of elements of an array. It is 0 for a single value,
	// for an array whose length is only known at run time, and for every
	// array in the dump of an old QEMU.
	Num int
	// Conditional is whether QEMU decides at run time if the field is sent.
	Conditional bool
	// Description is the format of a structure; nil for a plain value.
	Description *Description
}

// Section returns the section with the given name, nil if there is none.
func (d *Dump) Section(name string) *Section {
	if i, ok := d.index[name]; ok {
		return &d.Sections[i]
	}
	return nil
}

// Decode reads the output of -dump-vmstate. Members that it does not know are
// only remembered by name, so a dump of a later QEMU can be read. An error
// names the member at fault by its path.
func Decode(r io.Reader) (*Dump, error) {
	dec := decoder{json: json.NewDecoder(r)}
	d := &Dump{index: map[string]int{}}
	_, err := dec.object(func(key string) error {
		if key == machineKey {
			return dec.machine(d)
		}
		s := Section{Name: key}
		if err := dec.section(&s); err != nil {
			return err
		}
		d.index[key] = len(d.Sections)
		d.Sections = append(d.Sections, s)
		return nil
	})
	if err == nil {
		err = dec.end()
	}
	if err == nil && d.Machine == "" {
		err = fmt.Errorf("%q with the machine's \"Name\" is missing", machineKey)
	}
	if err != nil {
		return nil, fmt.Errorf("expected a vmstate dump as QEMU's -dump-vmstate writes it: %w", err)
	}
	d.lengths = dec.lengths
	return d, nil
}

// entries are the member names of a JSON object in the order of the file:
// whether a member exists is part of what is compared.
type entries []string

func (e entries) has(name string) bool { return slices.Contains(e, name) }

// decoder reads a dump token by token, because the order of the sections is
// the order of the findings and a map would lose it.
type decoder struct {
	json    *json.Decoder
	depth   int
	lengths bool
}

// machine reads the value of the member [machineKey].
func (dec *decoder) machine(d *Dump) error {
	_, err := dec.object(func(key string) error {
		if key == "Name" {
			return dec.json.Decode(&d.Machine)
		}
		return dec.skip()
	})
	return err
}

func (dec *decoder) section(s *Section) (err error) {
	s.entries, err = dec.object(func(key string) error {
		switch key {
		case "version_id":
			return dec.json.Decode(&s.Version)
		case "minimum_version_id":
			return dec.json.Decode(&s.MinimumVersion)
		case "Description":
			s.Description = &Description{}
			return dec.description(s.Description)
		}
		return dec.skip()
	})
	return err
}

func (dec *decoder) description(d *Description) (err error) {
	if dec.depth++; dec.depth > maxDepth {
		return fmt.Errorf("structures nest deeper than %d", maxDepth)
	}
	defer func() { dec.depth-- }()
	d.entries, err = dec.object(func(key string) error {
		switch key {
		case "name":
			return dec.json.Decode(&d.Name)
		case "version_id":
			return dec.json.Decode(&d.Version)
		case "minimum_version_id":
			return dec.json.Decode(&d.MinimumVersion)
		case "Fields":
			return dec.array(func() error {
				d.Fields = append(d.Fields, Field{})
				return dec.field(&d.Fields[len(d.Fields)-1])
			})
		case "Subsections":
			return dec.array(func() error {
				d.Subsections = append(d.Subsections, Description{})
				return dec.description(&d.Subsections[len(d.Subsections)-1])
			})
		}
		return dec.skip()
	})
	return err
}

func (dec *decoder) field(f *Field) error {
	_, err := dec.object(func(key string) error {
		switch key {
		case "field":
			return dec.json.Decode(&f.Name)
		case "version_id":
			return dec.json.Decode(&f.Version)
		case "size":
			return dec.json.Decode(&f.Size)
		case "num":
			dec.lengths = true
			return dec.json.Decode(&f.Num)
		case "field_exists":
			return dec.json.Decode(&f.Conditional)
		case "Description":
			f.Description = &Description{}
			return dec.description(f.Description)
		}
		return dec.skip()
	})
	return err
}

// object reads an object and calls member for the value of each of its
// members. It returns the names of the members.
func (dec *decoder) object(member func(key string) error) (entries, error) {
	if err := dec.delim('{'); err != nil {
		return nil, err
	}
	var seen entries
	for dec.json.More() {
		token, err := dec.json.Token()
		if err != nil {
			return nil, unexpectedEnd(err)
		}
		key, ok := token.(string)
		if !ok {
			return nil, fmt.Errorf("byte %d: got %v instead of a member name", dec.json.InputOffset(), token)
		}
		if seen.has(key) {
			return nil, fmt.Errorf("byte %d: %q appears twice", dec.json.InputOffset(), key)
		}
		seen = append(seen, key)
		if err := member(key); err != nil {
			return nil, fmt.Errorf("%q: %w", key, unexpectedEnd(err))
		}
	}
	return seen, dec.delim('}')
}

// array reads an array and calls element for each of its elements.
func (dec *decoder) array(element func() error) error {
	if err := dec.delim('['); err != nil {
		return err
	}
	for i := 0; dec.json.More(); i++ {
		if err := element(); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	return dec.delim(']')
}

// delim reads the given bracket.
func (dec *decoder) delim(want json.Delim) error {
	token, err := dec.json.Token()
	if err != nil {
		return unexpectedEnd(err)
	}
	if token != want {
		return fmt.Errorf("byte %d: got %v instead of %q", dec.json.InputOffset(), token, want.String())
	}
	return nil
}

// skip passes over one value of any shape.
func (dec *decoder) skip() error {
	var value json.RawMessage
	return dec.json.Decode(&value)
}

// end reports an error unless the input has been read whole.
func (dec *decoder) end() error {
	if token, err := dec.json.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("byte %d: got %v after the end of the dump", dec.json.InputOffset(), token)
	}
	return nil
}

// unexpectedEnd keeps the end of a truncated file from reading like success.
func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
