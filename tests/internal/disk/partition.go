package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/qemutest/functional/qemutest"
)

// FirstPartition returns where the first partition of an image begins, as an
// offset in bytes. The image has a partition table of either kind, MBR or GPT,
// for sectors of 512 bytes.
func FirstPartition(q *qemutest.Test, image string) int64 {
	file, err := os.Open(image)
	q.Check(err)
	defer file.Close()
	offset, err := firstPartition(file)
	if err != nil {
		q.Check(fmt.Errorf("%s: %w", image, err))
	}
	return offset
}

const sectorSize = 512

// firstPartition reads the partition table: an MBR as PCs have it, or a GPT
// (UEFI 2.10, section 5), whose MBR has a single partition of type 0xee.
func firstPartition(image io.ReaderAt) (int64, error) {
	const (
		mbrTable, mbrEntrySize = 446, 16
		mbrType, mbrStart      = 4, 8 // in an entry
		typeGPT                = 0xee
	)
	var mbr [sectorSize]byte
	if _, err := image.ReadAt(mbr[:], 0); err != nil {
		return 0, fmt.Errorf("reading the partition table: %w", err)
	}
	if mbr[510] != 0x55 || mbr[511] != 0xaa {
		return 0, errors.New("expected a partition table, but the signature of an MBR is missing")
	}
	for entry := mbr[mbrTable:510]; len(entry) > 0; entry = entry[mbrEntrySize:] {
		switch entry[mbrType] {
		case 0:
		case typeGPT:
			return firstGPTPartition(image)
		default:
			return int64(binary.LittleEndian.Uint32(entry[mbrStart:])) * sectorSize, nil
		}
	}
	return 0, errors.New("expected a partition, but the partition table is empty")
}

func firstGPTPartition(image io.ReaderAt) (int64, error) {
	const (
		headerTable = 72 // first sector of the table
		entryStart  = 32 // first sector of the partition, after two GUIDs
	)
	var header [sectorSize]byte
	if _, err := image.ReadAt(header[:], sectorSize); err != nil {
		return 0, fmt.Errorf("reading the header of the GPT: %w", err)
	}
	if string(header[:8]) != "EFI PART" {
		return 0, errors.New("expected a GPT, but its signature is missing")
	}
	table := binary.LittleEndian.Uint64(header[headerTable:])
	var entry [entryStart + 8]byte
	if table >= 1<<32 {
		return 0, fmt.Errorf("expected the table of the GPT near its header, but it is said to be in sector %d", table)
	}
	if _, err := image.ReadAt(entry[:], int64(table)*sectorSize); err != nil {
		return 0, fmt.Errorf("reading the table of the GPT: %w", err)
	}
	start := binary.LittleEndian.Uint64(entry[entryStart:])
	if start == 0 || start >= 1<<32 {
		return 0, fmt.Errorf("expected the GPT to have a first partition, but it is said to begin in sector %d", start)
	}
	return int64(start) * sectorSize, nil
}
