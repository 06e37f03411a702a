package gdb

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// A Register is a register of a target description.
type Register struct {
	Name    string
	Number  int    // in the protocol
	Bits    int    // size
	Type    string // like "int", "code_ptr", "ieee_double"; may be empty
	Group   string // like "general", "float"; may be empty
	Feature string // like "org.gnu.gdb.aarch64.core"
}

// A Target is a target description ("Target Descriptions", appendix G of the
// GDB manual).
type Target struct {
	Architecture string // as GDB names it, like "aarch64"; may be empty
	OSABI        string // usually empty
	Registers    []Register
}

// pcNames are what architectures call the address of the next instruction.
var pcNames = []string{"pc", "rip", "eip", "pswa", "rpc"}

// Lookup finds a register. "pc" finds the program counter whatever it is
// called. Where a description has a name twice, the first one is meant.
func (t *Target) Lookup(name string) (Register, bool) {
	for _, r := range t.Registers {
		if r.Name == name {
			return r, true
		}
	}
	if name != "pc" {
		return Register{}, false
	}
	for _, r := range t.Registers {
		if slices.Contains(pcNames, r.Name) {
			return r, true
		}
	}
	return Register{}, false
}

// ByteOrder returns the byte order of the registers, or nil if the description
// does not tell. Bi-endian ARM and PowerPC are given the order in which
// QEMU's machines come up.
func (t *Target) ByteOrder() binary.ByteOrder {
	names := []string{t.Architecture}
	for _, r := range t.Registers {
		// "org.gnu.gdb.avr.cpu": some descriptions name no architecture.
		names = append(names, strings.TrimPrefix(r.Feature, "org.gnu.gdb."))
	}
	for _, name := range names {
		for _, prefix := range []string{"s390", "power", "m68k", "sparc", "hppa", "openrisc"} {
			if strings.HasPrefix(name, prefix) {
				return binary.BigEndian
			}
		}
		for _, prefix := range []string{"i386", "arm", "aarch64", "riscv", "loongarch", "avr", "rx", "alpha", "tricore", "hexagon"} {
			if strings.HasPrefix(name, prefix) {
				return binary.LittleEndian
			}
		}
	}
	return nil
}

// offset returns where a register lies in a g packet: behind all those with
// lower numbers.
func (t *Target) offset(number int) (bytes int) {
	for _, r := range t.Registers {
		if r.Number < number {
			bytes += r.size()
		}
	}
	return bytes
}

// endsAt reports whether a g packet can end there: at the end of a register.
func (t *Target) endsAt(size int) bool {
	return slices.ContainsFunc(t.Registers, func(r Register) bool {
		return t.offset(r.Number)+r.size() == size
	})
}

func (r Register) size() int { return (r.Bits + 7) / 8 }

// maxIncludes bounds a description that includes itself.
const maxIncludes = 100

// ParseTarget reads a target description. It calls include for the documents
// that an xi:include names.
func ParseTarget(document []byte, include func(name string) ([]byte, error)) (*Target, error) {
	p := &targetParser{include: include, target: new(Target)}
	if err := p.parse(document); err != nil {
		return nil, fmt.Errorf("the target description can't be used: %w", err)
	}
	return p.target, nil
}

type targetParser struct {
	include  func(name string) ([]byte, error)
	included int
	target   *Target
	feature  string
	next     int // number of a register that has none of its own
}

func (p *targetParser) parse(document []byte) error {
	d := xml.NewDecoder(bytes.NewReader(document))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if err := p.element(d, start); err != nil {
			return err
		}
	}
}

func (p *targetParser) element(d *xml.Decoder, start xml.StartElement) error {
	switch start.Name.Local {
	case "architecture":
		return d.DecodeElement(&p.target.Architecture, &start)
	case "osabi":
		return d.DecodeElement(&p.target.OSABI, &start)
	case "feature":
		p.feature = attribute(start, "name")
	case "reg":
		return p.register(start)
	case "include":
		if p.included++; p.included > maxIncludes || p.include == nil {
			return errors.New("it includes too many documents")
		}
		name := attribute(start, "href")
		document, err := p.include(name)
		if err != nil {
			return fmt.Errorf("it includes %q: %w", name, err)
		}
		return p.parse(document)
	}
	return nil
}

func (p *targetParser) register(start xml.StartElement) error {
	r := Register{
		Name:    attribute(start, "name"),
		Number:  p.next,
		Type:    attribute(start, "type"),
		Group:   attribute(start, "group"),
		Feature: p.feature,
	}
	var err error
	if r.Bits, err = strconv.Atoi(attribute(start, "bitsize")); err != nil || r.Bits < 1 || r.Bits > 1<<16 {
		return fmt.Errorf("register %q has the size %q", r.Name, attribute(start, "bitsize"))
	}
	if text := attribute(start, "regnum"); text != "" {
		if r.Number, err = strconv.Atoi(text); err != nil || r.Number < 0 || r.Number > 1<<20 {
			return fmt.Errorf("register %q has the number %q", r.Name, text)
		}
	}
	p.next = r.Number + 1
	p.target.Registers = append(p.target.Registers, r)
	return nil
}

func attribute(start xml.StartElement, name string) string {
	for _, a := range start.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// Target returns the description of the machine's registers, which is fetched
// once.
func (c *Client) Target(ctx context.Context) (target *Target, err error) {
	err = c.do(ctx, func(x *exchange) error {
		target, err = x.describe()
		return err
	})
	return target, err
}

func (x *exchange) describe() (*Target, error) {
	if x.target != nil {
		return x.target, nil
	}
	if !x.features.has(featureTarget) {
		return nil, &UnsupportedError{Command: featureTarget, Hint: "give Options.Target to use registers by name"}
	}
	document, err := x.transfer("target.xml")
	if err != nil {
		return nil, err
	}
	target, err := ParseTarget(document, x.transfer)
	if err != nil {
		return nil, err
	}
	x.target = target
	return target, nil
}

// transfer fetches a document of the target description, in as many parts as
// the packet size demands.
func (x *exchange) transfer(name string) ([]byte, error) {
	var document []byte
	part := x.features.packetSize - len("$m#00")
	for {
		reply, err := x.askBytes(fmt.Appendf(nil, "%s:%s:%x,%x", featureTarget, name, len(document), part))
		if err != nil {
			return nil, err
		}
		data, err := unescape(reply[1:])
		if err != nil || reply[0] != 'm' && reply[0] != 'l' {
			return nil, x.unexpected(string(reply), "m or l and a part of the document")
		}
		document = append(document, data...)
		switch {
		case reply[0] == 'l':
			return document, nil
		case len(data) == 0 || len(document) > maxPacket:
			return nil, x.unexpected(string(reply), "a document that ends")
		}
	}
}
