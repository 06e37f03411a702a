package gdb

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const s390Target = `<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target>
<architecture>s390:64-bit</architecture><xi:include href="core.xml"/><xi:include href="cr.xml"/></target>`

var s390Parts = map[string]string{
	"core.xml": `<?xml version="1.0"?><!-- a comment -->
<!DOCTYPE feature SYSTEM "gdb-target.dtd">
<feature name="org.gnu.gdb.s390.core">
  <reg name="pswm" bitsize="64" type="uint64" group="psw"/>
  <reg name="pswa" bitsize="64" type="uint64" group="psw"/>
</feature>`,
	"cr.xml": `<feature name="org.gnu.gdb.s390.cr">
  <flags id="cr0_flags" size="8"><field name="X" start="1" end="1"/></flags>
  <reg name="cr0" bitsize="32" type="uint64" regnum="83"/><reg name="cr1" bitsize="64"/>
  <reg name="cr0" bitsize="8"/></feature>`,
}

func part(parts map[string]string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if text, ok := parts[name]; ok {
			return []byte(text), nil
		}
		return nil, errors.New("no such document")
	}
}

func TestParseTarget(t *testing.T) {
	t.Parallel()
	target, err := ParseTarget([]byte(s390Target), part(s390Parts))
	require.NoError(t, err)
	assert.Equal(t, &Target{Architecture: "s390:64-bit", Registers: []Register{
		{Name: "pswm", Number: 0, Bits: 64, Type: "uint64", Group: "psw", Feature: "org.gnu.gdb.s390.core"},
		{Name: "pswa", Number: 1, Bits: 64, Type: "uint64", Group: "psw", Feature: "org.gnu.gdb.s390.core"},
		{Name: "cr0", Number: 83, Bits: 32, Type: "uint64", Feature: "org.gnu.gdb.s390.cr"},
		{Name: "cr1", Number: 84, Bits: 64, Feature: "org.gnu.gdb.s390.cr"},
		{Name: "cr0", Number: 85, Bits: 8, Feature: "org.gnu.gdb.s390.cr"},
	}}, target)

	pc, ok := target.Lookup("pc")
	assert.True(t, ok)
	assert.Equal(t, "pswa", pc.Name)
	cr0, _ := target.Lookup("cr0")
	assert.Equal(t, 83, cr0.Number, "the first of two with one name")
	_, ok = target.Lookup("rip")
	assert.False(t, ok)

	assert.Equal(t, 8, target.offset(1))
	assert.Equal(t, 20, target.offset(84), "numbers may have gaps, the g packet has none")
	assert.True(t, target.endsAt(16))
	assert.False(t, target.endsAt(17))
}

func TestParseTargetErrors(t *testing.T) {
	t.Parallel()
	for want, document := range map[string]string{
		"XML syntax error":            `<target><feature name="x">`,
		`includes "x.xml": no such`:   `<target><xi:include href="x.xml"/></target>`,
		"too many documents":          `<target><xi:include href="loop.xml"/></target>`,
		`register "r0" has the size`:  `<feature name="f"><reg name="r0" bitsize="-8"/></feature>`,
		`register "r1" has the numbe`: `<feature name="f"><reg name="r1" bitsize="8" regnum="-1"/></feature>`,
	} {
		_, err := ParseTarget([]byte(document), part(map[string]string{"loop.xml": `<a><include href="loop.xml"/></a>`}))
		assert.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, "the target description can't be used")
	}
}

func TestByteOrder(t *testing.T) {
	t.Parallel()
	for architecture, want := range map[string]binary.ByteOrder{
		"s390:64-bit": binary.BigEndian, "powerpc:common64": binary.BigEndian, "m68k:68020": binary.BigEndian,
		"i386:x86-64": binary.LittleEndian, "aarch64": binary.LittleEndian, "riscv:rv64": binary.LittleEndian,
		"": nil, "mips": nil,
	} {
		assert.Equal(t, want, (&Target{Architecture: architecture}).ByteOrder(), architecture)
	}
	avr := &Target{Registers: []Register{{Name: "r0", Feature: "org.gnu.gdb.avr.cpu"}}}
	assert.Equal(t, binary.LittleEndian, avr.ByteOrder())
	microblaze := &Target{Registers: []Register{{Name: "r0", Feature: "org.gnu.gdb.microblaze.core"}}}
	assert.Nil(t, microblaze.ByteOrder())
}

func TestUint64(t *testing.T) {
	t.Parallel()
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		for size := 1; size <= 8; size++ {
			want := uint64(0x0123456789abcdef) >> (64 - 8*size)
			data, err := fromUint64(want, size, order)
			require.NoError(t, err)
			require.Len(t, data, size)
			got, err := toUint64(data, order)
			require.NoError(t, err)
			assert.Equal(t, want, got)
		}
	}
	_, err := toUint64(make([]byte, 16), binary.LittleEndian)
	assert.ErrorContains(t, err, "128 bits: use RegisterBytes")
	_, err = fromUint64(256, 1, binary.BigEndian)
	assert.ErrorContains(t, err, "0x100 does not fit into 8 bits")
	_, err = fromUint64(0, 16, binary.BigEndian)
	assert.ErrorContains(t, err, "use SetRegisterBytes")
}

func FuzzParseTarget(f *testing.F) {
	f.Add([]byte(s390Target))
	f.Add([]byte(s390Parts["cr.xml"]))
	f.Add([]byte(`<target><xi:include href="self"/></target>`))
	f.Fuzz(func(t *testing.T, document []byte) {
		target, err := ParseTarget(document, func(name string) ([]byte, error) {
			if name == "self" {
				return document, nil
			}
			return []byte(s390Parts[name]), nil
		})
		if err == nil {
			target.Lookup("pc")
			target.ByteOrder()
			target.offset(1000)
		}
	})
}
