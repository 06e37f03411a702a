package image

import "encoding/binary"

// Attributes of directory entries.
const (
	attrVolume    = 0x08
	attrDirectory = 0x10
	attrArchive   = 0x20
	attrLongName  = 0x0f
)

// notBootable is x86 code that tells the BIOS to try the next medium.
var notBootable = []byte{0xcd, 0x18, 0xf4, 0xeb, 0xfd} // int 0x18; again: hlt; jmp again

// bootSector returns the first sector, with the BIOS parameter block.
func (w *fatWriter) bootSector(hidden int64, id uint32, root *fatFile) []byte {
	b := make([]byte, SectorSize)
	le := binary.LittleEndian
	copy(b[3:], "QEMUTEST")
	le.PutUint16(b[11:], SectorSize)
	b[13] = byte(w.cluster)
	le.PutUint16(b[14:], uint16(w.reserved))
	b[16] = tables
	le.PutUint16(b[17:], uint16(w.root*SectorSize/dirEntrySize))
	if w.bits != 32 && w.total < 1<<16 {
		le.PutUint16(b[19:], uint16(w.total))
	} else {
		le.PutUint32(b[32:], uint32(w.total))
	}
	b[21] = 0xf8              // a fixed disk
	le.PutUint16(b[24:], 63)  // sectors in a track
	le.PutUint16(b[26:], 255) // heads
	le.PutUint32(b[28:], uint32(hidden))
	extended := 36 // where the fields are that all kinds end with
	if w.bits == 32 {
		le.PutUint32(b[36:], uint32(w.geometry.table))
		le.PutUint32(b[44:], uint32(root.cluster))
		le.PutUint16(b[48:], 1) // the information sector
		le.PutUint16(b[50:], 6) // the copy of this one
		extended = 64
	} else {
		le.PutUint16(b[22:], uint16(w.geometry.table))
	}
	b[extended] = 0x80 // the first fixed disk
	b[extended+2] = 0x29
	le.PutUint32(b[extended+3:], id)
	label := w.label
	if label == joinShort("", "") {
		copy(label[:], "NO NAME    ")
	}
	copy(b[extended+7:], label[:])
	copy(b[extended+18:], map[int]string{12: "FAT12   ", 16: "FAT16   ", 32: "FAT32   "}[w.bits])
	code := extended + 26
	copy(b[0:], []byte{0xeb, byte(code - 2), 0x90})
	copy(b[code:], notBootable)
	copy(b[510:], []byte{0x55, 0xaa})
	return b
}

// infoSector returns FAT32's sector with the number of free clusters.
func (w *fatWriter) infoSector() []byte {
	b := make([]byte, SectorSize)
	le := binary.LittleEndian
	le.PutUint32(b[0:], 0x41615252)
	le.PutUint32(b[484:], 0x61417272)
	le.PutUint32(b[488:], uint32(w.clusters-int64(len(w.table)-2)))
	le.PutUint32(b[492:], uint32(len(w.table))) // where to look for free ones
	le.PutUint32(b[508:], 0xaa550000)
	return b
}

// place plans the content of a file or directory, and of all below it, in the
// order of their clusters.
func (w *fatWriter) place(file, parent *fatFile) {
	if !file.isDir() {
		if file.size > 0 {
			w.plan.extents = append(w.plan.extents, extent{w.offset(file.cluster), file.size, file.content.open})
		}
		return
	}
	offset := w.offset(file.cluster)
	if file.cluster == 0 {
		offset = (w.data() - w.root) * SectorSize
	}
	w.plan.add(offset, w.directory(file, parent))
	for _, below := range file.files {
		w.place(below, file)
	}
}

// directory returns the entries of a directory. The root has no parent.
func (w *fatWriter) directory(dir, parent *fatFile) []byte {
	var b []byte
	switch {
	case parent != nil:
		above := int64(0) // stands for the root, whatever its cluster
		if parent.name != "" {
			above = parent.cluster
		}
		b = w.appendEntry(b, joinShort(".", ""), attrDirectory, dir.cluster, 0)
		b = w.appendEntry(b, joinShort("..", ""), attrDirectory, above, 0)
	case w.label != joinShort("", ""):
		b = w.appendEntry(b, w.label, attrVolume, 0, 0)
	}
	for _, file := range dir.files {
		b = appendLongName(b, file)
		if file.isDir() {
			b = w.appendEntry(b, file.short, attrDirectory, file.cluster, 0)
		} else {
			b = w.appendEntry(b, file.short, attrArchive, file.cluster, file.size)
		}
	}
	return b
}

// appendEntry appends the entry of a short name.
func (w *fatWriter) appendEntry(b []byte, name shortName, attributes byte, cluster, size int64) []byte {
	le := binary.LittleEndian
	b = append(b, name[:]...)
	b = append(b, attributes, 0, 0)
	b = le.AppendUint32(b, w.stamp)             // created
	b = le.AppendUint16(b, uint16(w.stamp>>16)) // read
	b = le.AppendUint16(b, uint16(cluster>>16))
	b = le.AppendUint32(b, w.stamp) // written
	b = le.AppendUint16(b, uint16(cluster))
	return le.AppendUint32(b, uint32(size))
}

// appendLongName appends the entries before that of the short name, with the
// end of the long name first.
func appendLongName(b []byte, file *fatFile) []byte {
	parts := file.longParts()
	for n := len(parts); n > 0; n-- {
		order := byte(n)
		if n == len(parts) {
			order |= 0x40 // the last one
		}
		var units [2 * longPart]byte
		for i, unit := range parts[n-1] {
			binary.LittleEndian.PutUint16(units[2*i:], unit)
		}
		b = append(b, order)
		b = append(b, units[:10]...)
		b = append(b, attrLongName, 0, file.short.checksum())
		b = append(b, units[10:22]...)
		b = append(b, 0, 0) // no cluster
		b = append(b, units[22:]...)
	}
	return b
}
