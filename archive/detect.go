package archive

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"
)

// Format is the container format of an archive. The zero value means: find out.
type Format string

const (
	// FormatTar is a tar archive: v7, ustar, pax or GNU, sparse members included.
	FormatTar Format = "tar"
	// FormatZip is a zip archive with stored or deflated members.
	FormatZip Format = "zip"
	// FormatCpio is an initramfs as the kernel accepts it: one or more cpio archives (newc, newc with checksums,
	// and odc, which the kernel does not know), padded with zeros, each possibly compressed.
	FormatCpio Format = "cpio"
	// FormatDeb is the files of a Debian package (deb or udeb): its data.tar.
	FormatDeb Format = "deb"
	// FormatDebControl is the control files of a Debian package: its control.tar. It is never guessed.
	FormatDebControl Format = "deb-control"
)

// Compression is a compression format. The zero value means: find out.
type Compression string

// The compressions. LZMA is the format that came before xz, with the suffix .lzma; LZ4 is both the frame format and the
// legacy format of kernel images.
const (
	None  Compression = "none"
	Gzip  Compression = "gzip"
	XZ    Compression = "xz"
	LZMA  Compression = "lzma"
	Zstd  Compression = "zstd"
	Bzip2 Compression = "bzip2"
	LZ4   Compression = "lz4"
)

var compressionSuffixes = map[string]Compression{
	".gz": Gzip, ".gzip": Gzip, ".xz": XZ, ".lzma": LZMA, ".zst": Zstd, ".zstd": Zstd,
	".bz2": Bzip2, ".bzip2": Bzip2, ".lz4": LZ4,
}

var formatSuffixes = map[string]Format{
	".tar": FormatTar, ".zip": FormatZip, ".cpio": FormatCpio, ".deb": FormatDeb, ".udeb": FormatDeb,
}

var tarSuffixes = map[string]Compression{
	".tgz": Gzip, ".taz": Gzip, ".txz": XZ, ".tlz": LZMA, ".tzst": Zstd, ".tbz": Bzip2, ".tbz2": Bzip2,
}

// DetectName guesses from a file name or a URL, of which only the path counts. The format is empty if the name does not
// tell; the compression is None if the name has no suffix of one.
func DetectName(name string) (Format, Compression) {
	if u, err := url.Parse(name); err == nil && u.Scheme != "" && u.Host != "" {
		name = u.Path
	}
	name = strings.ToLower(path.Base(name))
	ext := path.Ext(name)
	if c, ok := tarSuffixes[ext]; ok {
		return FormatTar, c
	}
	c, compressed := compressionSuffixes[ext]
	if !compressed {
		return formatSuffixes[ext], None
	}
	return formatSuffixes[path.Ext(strings.TrimSuffix(name, ext))], c
}

// contentPeek is how much of a file DetectContent looks at: one tar header.
const contentPeek = 512

var compressionMagic = []struct {
	magic       string
	compression Compression
}{
	{"\x1f\x8b", Gzip},
	{"\xfd7zXZ\x00", XZ},
	{"\x28\xb5\x2f\xfd", Zstd},
	{"BZh", Bzip2},
	{"\x04\x22\x4d\x18", LZ4},
	{"\x02\x21\x4c\x18", LZ4}, // legacy
}

var formatMagic = []struct {
	magic  string
	format Format
}{
	{"PK\x03\x04", FormatZip},
	{"PK\x05\x06", FormatZip}, // no members
	{arMagic, FormatDeb},
	{newcMagic, FormatCpio},
	{crcMagic, FormatCpio},
	{odcMagic, FormatCpio},
}

// DetectContent guesses from the first bytes of a file, of which it wants 512. The format is empty and the compression
// is None if they are not known.
func DetectContent(head []byte) (Format, Compression) {
	for _, m := range compressionMagic {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return "", m.compression
		}
	}
	for _, m := range formatMagic {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return m.format, None
		}
	}
	switch {
	case isTarHeader(head):
		return FormatTar, None
	case isLZMAHeader(head):
		return "", LZMA
	}
	return "", None
}

// isTarHeader checks the checksum of a tar header, because the v7 format has no magic.
func isTarHeader(head []byte) bool {
	const size, sumStart, sumEnd = 512, 148, 156
	if len(head) < size || head[0] == 0 {
		return false
	}
	stored, err := strconv.ParseInt(strings.Trim(string(head[sumStart:sumEnd]), " \x00"), 8, 64)
	if err != nil {
		return false
	}
	sum := int64((sumEnd - sumStart) * ' ')
	for i, c := range head[:size] {
		if i < sumStart || i >= sumEnd {
			sum += int64(c)
		}
	}
	return sum == stored
}

// isLZMAHeader knows what real encoders write, since the format has no magic: the default properties, a dictionary of at
// least 64 KiB, and a size that is unknown or below 256 GiB.
func isLZMAHeader(head []byte) bool {
	if len(head) < lzmaHeaderSize || head[0] != 0x5d || head[1] != 0 || head[2] != 0 {
		return false
	}
	size := binary.LittleEndian.Uint64(head[5:])
	return size == lzmaUnknownSize || size < 1<<38
}

// decide settles how the outer layer of a source is read. What opts say wins; without it, a name and a content that name
// two different things are an error, because one of them lies.
func decide(name string, head []byte, opts Options) (Format, Compression, error) {
	nameFormat, nameCompression := DetectName(name)
	format, compression := DetectContent(head)
	if nameCompression == LZMA && compression == None && format == "" {
		compression = LZMA // .lzma has no magic; the decoder judges
	}
	if opts.Compression != "" {
		nameCompression, compression = opts.Compression, opts.Compression
	}
	if opts.Format != "" {
		return opts.Format, compression, nil
	}
	if nameCompression != compression && (nameFormat != "" || nameCompression != None) {
		// The segments of an initramfs have their own compression, whatever the name says of the whole.
		if nameFormat != FormatCpio || nameCompression != None {
			return "", "", contradiction(name, describe(nameFormat, nameCompression), head)
		}
	}
	if nameFormat != "" && format != "" && nameFormat != format {
		return "", "", contradiction(name, string(nameFormat), head)
	}
	if format == "" {
		format = nameFormat
	}
	return format, compression, nil
}

func contradiction(name, expected string, head []byte) error {
	found := describe(DetectContent(head))
	if found == "" {
		found = fmt.Sprintf("nothing known (% x)", head[:min(len(head), 8)])
	}
	return fmt.Errorf("the name %q stands for %s, but the content starts like %s; "+
		"set Options.Format or Options.Compression to overrule the name: %w", name, expected, found, ErrFormat)
}

// describe names a format for an error message; it is empty for nothing known.
func describe(f Format, c Compression) string {
	switch {
	case c == None:
		return string(f)
	case f == "":
		return string(c)
	}
	return string(f) + " with " + string(c)
}
