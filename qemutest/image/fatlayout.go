package image

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"strings"
	"time"
)

const (
	dirEntrySize  = 32
	maxDirEntries = 65520 // of any directory, in whole sectors; the root of FAT16 counts them in 16 bits
	tables        = 2     // copies of the file allocation table
	rootEntries   = 512   // at least, of FAT12 and FAT16
)

// geometry is how a file system of a size is divided. Numbers are in sectors
// where nothing else is said.
type geometry struct {
	bits     int
	total    int64
	reserved int64 // before the tables
	table    int64 // one of them
	root     int64 // of FAT12 and FAT16
	cluster  int64
	clusters int64 // how many; they begin with number 2
}

// fatLimits are the numbers of clusters that tell the kinds apart: readers look
// at nothing else. Within 16 of a limit, some are wrong.
var fatLimits = map[int]struct{ least, most int64 }{
	12: {1, 4084 - 16},
	16: {4085 + 16, 65524 - 16},
	32: {65525 + 16, 1<<28 - 16},
}

var errSmall = errors.New("expected a larger size")

// newGeometry divides size bytes.
func newGeometry(bits int, size int64, dirEntries int64) (geometry, error) {
	limits, known := fatLimits[bits]
	if !known {
		return geometry{}, fmt.Errorf("expected 12, 16 or 32 bits, not %d", bits)
	}
	g := geometry{bits: bits, total: size / SectorSize, reserved: 1}
	if g.total > math.MaxUint32 {
		return geometry{}, fmt.Errorf("expected less than 2 TiB, the limit of FAT, but it has %d bytes", size)
	}
	if bits == 32 {
		g.reserved = 32
	} else {
		g.root = roundUp(max(dirEntries, rootEntries)*dirEntrySize, SectorSize) / SectorSize
	}
	for g.cluster = 1; g.cluster <= 128; g.cluster *= 2 {
		g.divide()
		if g.clusters <= limits.most {
			if g.clusters < limits.least {
				return geometry{}, fmt.Errorf("%w for FAT%d, or fewer bits; %d bytes have %d clusters", errSmall, bits, size, max(0, g.clusters))
			}
			return g, nil
		}
	}
	return geometry{}, fmt.Errorf("expected more bits or a smaller size: FAT%d has no %d bytes", bits, size)
}

// divide decides on the tables, and so on the number of clusters.
func (g *geometry) divide() {
	most := (g.total - g.reserved - g.root) / g.cluster
	g.table = ((most+2)*int64(g.bits) + 8*SectorSize - 1) / (8 * SectorSize)
	g.clusters = (g.total - g.data()) / g.cluster
}

// data is where the clusters begin.
func (g *geometry) data() int64 { return g.reserved + tables*g.table + g.root }

// offset returns where a cluster begins, in bytes.
func (g *geometry) offset(cluster int64) int64 {
	return (g.data() + (cluster-2)*g.cluster) * SectorSize
}

// needs returns how many clusters so many bytes take.
func (g *geometry) needs(bytes int64) int64 {
	return roundUp(bytes, g.cluster*SectorSize) / (g.cluster * SectorSize)
}

// used returns how many clusters a file or directory takes with all below it.
func (g *geometry) used(file *fatFile, isRoot bool) int64 {
	n := int64(0)
	if !isRoot || g.bits == 32 {
		n = g.needs(file.size)
	}
	for _, below := range file.files {
		n += g.used(below, false)
	}
	return n
}

// fit decides on size and geometry.
func (f *FAT) fit(root *fatFile, partition int64) (geometry, error) {
	size := f.Size
	if size == 0 {
		size = partition
	}
	if size == 0 {
		return f.grow(root)
	}
	if _, err := sizeOf("FAT file system", size, partition, 0); err != nil {
		return geometry{}, err
	}
	g, err := newGeometry(f.bitsFor(size), size, root.size/dirEntrySize)
	if err != nil {
		return g, fmt.Errorf("FAT file system: %w", err)
	}
	if used := g.used(root, true); used > g.clusters {
		return g, fmt.Errorf("FAT file system: expected at most %d clusters of %d bytes of content in %d bytes, but there are %d",
			g.clusters, g.cluster*SectorSize, size, used)
	}
	return g, nil
}

// grow finds the least size that holds the files, and a sixteenth more.
func (f *FAT) grow(root *fatFile) (geometry, error) {
	const unit = 1 << 20
	size := map[int]int64{16: 4 * unit, 32: 34 * unit}[f.Bits]
	size = max(size, unit)
	for {
		g, err := newGeometry(f.bitsFor(size), size, root.size/dirEntrySize)
		if err != nil && !errors.Is(err, errSmall) {
			return g, fmt.Errorf("FAT file system: %w", err)
		}
		if err == nil {
			if used := g.used(root, true); used+used/16 <= g.clusters {
				return g, nil
			}
		}
		size = roundUp(size+size/16, unit)
	}
}

func (f *FAT) bitsFor(size int64) int {
	switch {
	case f.Bits != 0:
		return f.Bits
	case size <= 4<<20:
		return 12
	case size < 512<<20:
		return 16
	}
	return 32
}

// layOut implements [Content].
func (f *FAT) layOut(offset, size int64) (plan, error) {
	root, err := f.tree()
	if err != nil {
		return plan{}, err
	}
	label, err := f.label()
	if err != nil {
		return plan{}, err
	}
	g, err := f.fit(root, size)
	if err != nil {
		return plan{}, err
	}
	stamp, err := f.stamp()
	if err != nil {
		return plan{}, err
	}
	w := fatWriter{geometry: g, label: label, stamp: stamp, table: []uint32{0xffffff8, 0xfffffff}}
	w.plan.size = g.total * SectorSize
	w.allocate(root, true)
	w.reserve(offset/SectorSize, root)
	w.place(root, nil)
	return w.plan, nil
}

// label returns the name of the volume as it is stored.
func (f *FAT) label() (shortName, error) {
	label := joinShort("", "")
	for _, r := range f.Label {
		if !isShort(r) && r != ' ' {
			return label, fmt.Errorf("FAT label %q: expected capital letters, digits, spaces and %s", f.Label, "!#$%&'()-@^_`{}~")
		}
	}
	if len(f.Label) > len(label) || strings.TrimSpace(f.Label) != f.Label {
		return label, fmt.Errorf("FAT label %q: expected at most %d characters, with no space at either end", f.Label, len(label))
	}
	copy(label[:], f.Label)
	return label, nil
}

// stamp returns the time of files: the time in the lower half, the date in the
// upper one.
func (f *FAT) stamp() (uint32, error) {
	t := f.ModTime.UTC()
	if f.ModTime.IsZero() {
		t = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if t.Year() < 1980 || t.Year() > 2107 {
		return 0, fmt.Errorf("FAT file system: expected a time between 1980 and 2107, as it can store, but it is %v", t)
	}
	date := uint32(t.Year()-1980)<<9 | uint32(t.Month())<<5 | uint32(t.Day())
	return date<<16 | uint32(t.Hour())<<11 | uint32(t.Minute())<<5 | uint32(t.Second()/2), nil
}

// fatWriter plans an image.
type fatWriter struct {
	geometry
	label shortName
	stamp uint32
	table []uint32 // up to the last cluster that is used
	plan  plan
}

// allocate gives clusters, which follow each other, to a file and all below it.
func (w *fatWriter) allocate(file *fatFile, isRoot bool) {
	if n := w.needs(file.size); n > 0 && (!isRoot || w.bits == 32) {
		file.cluster = int64(len(w.table))
		for range n - 1 {
			w.table = append(w.table, uint32(len(w.table)+1))
		}
		w.table = append(w.table, 0xfffffff)
	}
	for _, below := range file.files {
		w.allocate(below, false)
	}
}

// reserve places what is before the clusters.
func (w *fatWriter) reserve(hidden int64, root *fatFile) {
	id := crc32.NewIEEE()
	writeNames(id, root)
	boot := w.bootSector(hidden, id.Sum32(), root)
	w.plan.add(0, boot)
	if w.bits == 32 {
		info := w.infoSector()
		w.plan.add(1*SectorSize, info)
		w.plan.add(6*SectorSize, boot)
		w.plan.add(7*SectorSize, info)
	}
	packed := w.packTable()
	for n := range int64(tables) {
		w.plan.add((w.reserved+n*w.geometry.table)*SectorSize, packed)
	}
}

func writeNames(w interface{ Write([]byte) (int, error) }, file *fatFile) {
	_, _ = fmt.Fprintf(w, "%q %d\n", file.name, file.size)
	for _, below := range file.files {
		writeNames(w, below)
	}
}

// packTable returns the table as it is stored.
func (w *fatWriter) packTable() []byte {
	packed := make([]byte, (len(w.table)*w.bits+7)/8)
	for n, next := range w.table {
		switch w.bits {
		case 12:
			at := n * 3 / 2
			if n%2 == 0 {
				packed[at] = byte(next)
				packed[at+1] = byte(next >> 8 & 0xf)
			} else {
				packed[at] |= byte(next << 4)
				packed[at+1] = byte(next >> 4)
			}
		case 16:
			binary.LittleEndian.PutUint16(packed[2*n:], uint16(next))
		case 32:
			binary.LittleEndian.PutUint32(packed[4*n:], next)
		}
	}
	return packed
}
