package image

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strings"
	"unicode/utf16"
)

// guid is a GUID as it is stored: the first three numbers are little-endian.
type guid [16]byte

func parseGUID(text string) (g guid, err error) {
	parts := strings.Split(text, "-")
	number, err := hex.DecodeString(strings.Join(parts, ""))
	if err != nil || len(number) != len(g) || len(parts) != 5 {
		return g, fmt.Errorf("%w, but it is %q", errGUID, text)
	}
	le, be := binary.LittleEndian, binary.BigEndian
	le.PutUint32(g[0:], be.Uint32(number[0:]))
	le.PutUint16(g[4:], be.Uint16(number[4:]))
	le.PutUint16(g[6:], be.Uint16(number[6:]))
	copy(g[8:], number[8:])
	return g, nil
}

// derivedGUID returns a GUID that is always the same for the same content. It
// has the form of a random one.
func derivedGUID(of ...any) (g guid) {
	sum := sha256.Sum256(fmt.Append(nil, of...))
	copy(g[:], sum[:])
	g[7] = g[7]&0x0f | 0x40
	g[8] = g[8]&0x3f | 0x80
	return g
}

const gptName = 36 // UTF-16 code units

// gpt is a GUID partition table.
type gpt struct {
	disk    guid
	last    int64 // sector of the disk
	entries []byte
}

func newGPT(partitions []placed, sectors int64) gpt {
	g := gpt{last: sectors - 1, entries: make([]byte, gptEntries*gptEntrySize)}
	le := binary.LittleEndian
	for n, p := range partitions {
		entry := g.entries[n*gptEntrySize:]
		unique := derivedGUID("partition", n, p.kind, p.first, p.last, p.Name)
		copy(entry[0:], p.kind[:])
		copy(entry[16:], unique[:])
		le.PutUint64(entry[32:], uint64(p.first))
		le.PutUint64(entry[40:], uint64(p.last))
		for i, unit := range utf16.Encode([]rune(p.Name)) {
			le.PutUint16(entry[56+2*i:], unit)
		}
	}
	g.disk = derivedGUID("disk", g.entries, sectors)
	return g
}

// header returns the sector at, whose copy is at other, with the entries from
// a sector on.
func (g *gpt) header(at, other, entries int64) []byte {
	const size = 92 // of the part that is checked
	b := make([]byte, SectorSize)
	le := binary.LittleEndian
	copy(b, "EFI PART")
	le.PutUint32(b[8:], 0x10000) // revision 1.0
	le.PutUint32(b[12:], size)
	le.PutUint64(b[24:], uint64(at))
	le.PutUint64(b[32:], uint64(other))
	le.PutUint64(b[40:], 2+gptArray)                // first usable sector
	le.PutUint64(b[48:], uint64(g.last-gptArray-1)) // last one
	copy(b[56:], g.disk[:])
	le.PutUint64(b[72:], uint64(entries))
	le.PutUint32(b[80:], gptEntries)
	le.PutUint32(b[84:], gptEntrySize)
	le.PutUint32(b[88:], crc32.ChecksumIEEE(g.entries))
	le.PutUint32(b[16:], crc32.ChecksumIEEE(b[:size]))
	return b
}
