package kernel

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"github.com/qemutest/functional/archive"
)

// zbootSize is the size of the header of an EFI zboot image in bytes.
const zbootSize = 64

// zbootFormats are the compressions that the kernel's build names so.
var zbootFormats = map[string]archive.Compression{
	"gzip": archive.Gzip,
	"xz":   archive.XZ,
	"zstd": archive.Zstd,
}

// unpackZboot replaces a kernel in an EFI program that decompresses it, which is how Debian has it for some architectures,
// by the kernel itself: QEMU cannot start the program without EFI, and decompresses only what is in there with gzip. Other
// images stay as they are.
//
// The header is that of drivers/firmware/efi/libstub/zboot-header.S in Linux.
func unpackZboot(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if len(data) < zbootSize || string(data[:2]) != "MZ" || string(data[4:8]) != "zimg" {
		return nil
	}
	offset := uint64(binary.LittleEndian.Uint32(data[8:]))
	size := uint64(binary.LittleEndian.Uint32(data[12:]))
	name, _, _ := bytes.Cut(data[24:56], []byte{0})
	if offset+size > uint64(len(data)) {
		return fmt.Errorf("expected the EFI zboot image to have %d bytes from %d on, but it has only %d", size, offset, len(data))
	}
	format, ok := zbootFormats[string(name)]
	if !ok {
		return fmt.Errorf("expected the EFI zboot image to be compressed with gzip, xz or zstd, but it is with %q", name)
	}
	r, err := archive.NewReader(bytes.NewReader(data[offset:offset+size]), format)
	if err != nil {
		return err
	}
	defer r.Close()
	image, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("decompressing the EFI zboot image: %w", err)
	}
	return writeAtOnce(path, image)
}
