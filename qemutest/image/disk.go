package image

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf16"
)

// Types of partitions, which tell what is in them (UEFI specification, section
// 5.3.3, and the Discoverable Partitions Specification).
const (
	EFISystem = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B" // FAT that UEFI boots from
	BasicData = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7" // FAT of anyone
	LinuxData = "0FC63DAF-8483-4772-8E79-3D69D8477DE4" // a file system of Linux
)

// Disk is a medium with partitions, in a GUID partition table (UEFI
// specification, section 5.3), or in that of PCs. The zero value is empty and
// ready to use.
type Disk struct {
	// MBR asks for the partition table of PCs, which has at most four
	// partitions, instead of a GPT.
	MBR bool
	// Size is the size in bytes, in whole sectors. 0 stands for what is
	// needed. SD cards of QEMU need a power of two.
	Size int64

	// Partitions are in this order on the disk, each from a whole MiB on.
	Partitions []Partition
}

// Partition is one of a [Disk].
type Partition struct {
	// Name is up to 36 UTF-16 code units, for GPT only.
	Name string
	// Type is a GUID, for example [EFISystem]; [LinuxData] by default. An MBR
	// has a number of its own for these three, and no others.
	Type string
	// Size is the size in bytes, in whole sectors. 0 stands for that of the
	// content.
	Size int64
	// Content is what is in the partition; nil is zeros.
	Content Content
}

const (
	alignment = 1 << 20 // of partitions, in bytes

	gptEntries   = 128
	gptEntrySize = 128
	gptArray     = gptEntries * gptEntrySize / SectorSize // in sectors
)

// mbrTypes are the types of partitions in an MBR.
var mbrTypes = map[string]byte{EFISystem: 0xef, BasicData: 0x0c, LinuxData: 0x83}

const mbrProtective = 0xee // the type of what a GPT describes

// WriteTo writes the medium. It satisfies [io.WriterTo].
func (d *Disk) WriteTo(w io.Writer) (int64, error) {
	p, err := d.layOut()
	if err != nil {
		return 0, err
	}
	return p.writeTo(w)
}

// WriteFile writes the medium to the file at name, with holes for what is
// empty. The file appears only when it is complete, and replaces one that was
// there.
func (d *Disk) WriteFile(name string) error {
	p, err := d.layOut()
	if err != nil {
		return err
	}
	return p.writeFile(name)
}

// placed is a partition with its place.
type placed struct {
	Partition
	kind  guid
	first int64 // sector
	last  int64 // sector, which belongs to it
}

func (d *Disk) layOut() (plan, error) {
	if most := d.most(); len(d.Partitions) > most {
		return plan{}, fmt.Errorf("disk: expected at most %d partitions, but there are %d", most, len(d.Partitions))
	}
	var content plan
	var partitions []placed
	end := int64(alignment)
	for n, partition := range d.Partitions {
		p, inside, err := d.place(partition, end)
		if err != nil {
			return plan{}, fmt.Errorf("disk, partition %d: %w", n+1, err)
		}
		for _, e := range inside.extents {
			e.offset += end
			content.extents = append(content.extents, e)
		}
		partitions = append(partitions, p)
		end = roundUp((p.last+1)*SectorSize, alignment)
	}
	needed := end
	if !d.MBR {
		needed += alignment // for the copy of the table
	}
	size, err := sizeOf("disk", d.Size, 0, needed)
	if err != nil {
		return plan{}, err
	}
	return d.withTable(content, partitions, size)
}

func (d *Disk) most() int {
	if d.MBR {
		return 4
	}
	return gptEntries
}

// place decides where a partition goes that begins at an offset.
func (d *Disk) place(partition Partition, offset int64) (placed, plan, error) {
	var inside plan
	size := partition.Size
	if partition.Content != nil {
		var err error
		if inside, err = partition.Content.layOut(offset, size); err != nil {
			return placed{}, inside, err
		}
		size = cmp.Or(size, inside.size)
	}
	if size <= 0 || size%SectorSize != 0 {
		return placed{}, inside, fmt.Errorf("expected a size of whole sectors of %d bytes, but it is %d", SectorSize, size)
	}
	kind, err := parseGUID(cmp.Or(partition.Type, LinuxData))
	if err != nil {
		return placed{}, inside, err
	}
	if units := utf16.Encode([]rune(partition.Name)); len(units) > gptName {
		return placed{}, inside, fmt.Errorf("expected a name of at most %d UTF-16 code units, but it is %q", gptName, partition.Name)
	}
	first := offset / SectorSize
	return placed{partition, kind, first, first + size/SectorSize - 1}, inside, nil
}

// withTable adds the partition table to the content.
func (d *Disk) withTable(content plan, partitions []placed, size int64) (plan, error) {
	p := plan{size: size}
	if !d.MBR {
		g := newGPT(partitions, size/SectorSize)
		p.add(0, mbr(0, []mbrEntry{{mbrProtective, 1, g.last}}))
		p.add(1*SectorSize, g.header(1, g.last, 2))
		p.add(2*SectorSize, g.entries)
		p.extents = append(p.extents, content.extents...)
		p.add((g.last-gptArray)*SectorSize, g.entries)
		p.add(g.last*SectorSize, g.header(g.last, 1, g.last-gptArray))
		return p, nil
	}
	var entries []mbrEntry
	for n, partition := range partitions {
		kind, known := mbrTypes[strings.ToUpper(cmp.Or(partition.Type, LinuxData))]
		if !known {
			return plan{}, fmt.Errorf("disk, partition %d: expected a type that an MBR has a number for, but it is %s", n+1, partition.Type)
		}
		if partition.last >= 1<<32 {
			return plan{}, fmt.Errorf("disk, partition %d: expected an end before 2 TiB, the limit of an MBR", n+1)
		}
		entries = append(entries, mbrEntry{kind, partition.first, partition.last - partition.first + 1})
	}
	// Linux names the partitions after the signature.
	p.add(0, mbr(crc32.ChecksumIEEE(fmt.Append(nil, entries)), entries))
	p.extents = append(p.extents, content.extents...)
	return p, nil
}

// mbrEntry is a partition in a master boot record.
type mbrEntry struct {
	kind           byte
	first, sectors int64
}

// mbr returns a master boot record.
func mbr(signature uint32, entries []mbrEntry) []byte {
	b := make([]byte, SectorSize)
	le := binary.LittleEndian
	copy(b, notBootable)
	le.PutUint32(b[440:], signature)
	for n, e := range entries {
		entry := b[446+16*n:]
		// Addresses by cylinder, head and sector that are out of range say
		// that the others count.
		copy(entry[1:], []byte{0xfe, 0xff, 0xff, e.kind, 0xfe, 0xff, 0xff})
		if e.kind == mbrProtective {
			copy(entry[1:], []byte{0x00, 0x02, 0x00}) // as UEFI asks for
		}
		le.PutUint32(entry[8:], uint32(e.first))
		le.PutUint32(entry[12:], uint32(min(e.sectors, math.MaxUint32)))
	}
	copy(b[510:], []byte{0x55, 0xaa})
	return b
}

// sortedExtents returns extents by their offset.
func sortedExtents(extents []extent) []extent {
	return slices.SortedStableFunc(slices.Values(extents), func(a, b extent) int { return cmp.Compare(a.offset, b.offset) })
}

var errGUID = errors.New("expected a GUID such as " + LinuxData)
