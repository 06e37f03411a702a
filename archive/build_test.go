package archive_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/require"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"

	"github.com/qemutest/functional/archive"
)

// member is one member of an archive that a test builds.
type member struct {
	name string
	// mode is that of stat(2), type included; without a type it is a regular file.
	mode    int64
	content string // or the target of a symbolic link
	link    string // a hard link to this name
	devices [2]int64
}

const (
	typeDir     = 0o040000
	typeSymlink = 0o120000
	typeRegular = 0o100000
	typeChar    = 0o020000
	typeBlock   = 0o060000
	typePipe    = 0o010000
	typeSocket  = 0o140000
	typeMask    = 0o170000
)

var testTime = time.Unix(1_600_000_000, 0)

func dir(name string) member           { return member{name: name, mode: typeDir | 0o755} }
func file(name, content string) member { return member{name: name, mode: 0o644, content: content} }
func symlink(name, target string) member {
	return member{name: name, mode: typeSymlink | 0o777, content: target}
}

// noise is n bytes that compress badly, the same ones each time.
func noise(n int) string {
	p := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(p)
	return string(p)
}

// rootfs is a small file system with everything that can be in one. Tests in which links and nodes do not matter use a
// part of it.
func rootfs() []member {
	return []member{
		dir("bin/"),
		{name: "bin/busybox", mode: 0o4755, content: noise(5000) + strings.Repeat("applet ", 1000)},
		symlink("bin/sh", "busybox"),
		{name: "bin/ls", mode: 0o4755, link: "bin/busybox"},
		{name: "dev/", mode: typeDir | 0o700},
		{name: "dev/console", mode: typeChar | 0o600, devices: [2]int64{5, 1}},
		{name: "dev/initctl", mode: typePipe | 0o600},
		{name: "etc/shadow", mode: 0o600, content: "root:*:1::::::\n"},
		symlink("etc/mtab", "/proc/mounts"),
		{name: "etc/empty", mode: 0o444},
		{name: "tmp/", mode: typeDir | 0o1777},
	}
}

func buildTar(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Mode: m.mode & 0o7777, ModTime: testTime, Typeflag: tar.TypeReg,
			Devmajor: m.devices[0], Devminor: m.devices[1]}
		switch m.mode & typeMask {
		case typeDir:
			h.Typeflag = tar.TypeDir
		case typeSymlink:
			h.Typeflag, h.Linkname = tar.TypeSymlink, m.content
		case typeChar:
			h.Typeflag = tar.TypeChar
		case typeBlock:
			h.Typeflag = tar.TypeBlock
		case typePipe:
			h.Typeflag = tar.TypeFifo
		default:
			h.Size = int64(len(m.content))
		}
		if m.link != "" {
			h.Typeflag, h.Linkname, h.Size = tar.TypeLink, m.link, 0
		}
		require.NoError(t, w.WriteHeader(h))
		if h.Size > 0 {
			_, err := io.WriteString(w, m.content)
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func buildZip(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: zip.Deflate, Modified: testTime}
		mode := fs.FileMode(m.mode & 0o777)
		switch m.mode & typeMask {
		case typeDir:
			mode |= fs.ModeDir
		case typeSymlink:
			mode |= fs.ModeSymlink
		case typeChar:
			mode |= fs.ModeDevice | fs.ModeCharDevice
		case typeBlock:
			mode |= fs.ModeDevice
		case typePipe:
			mode |= fs.ModeNamedPipe
		case typeSocket:
			mode |= fs.ModeSocket
		}
		if m.mode&0o4000 != 0 {
			mode |= fs.ModeSetuid
		}
		h.SetMode(mode)
		f, err := w.CreateHeader(h)
		require.NoError(t, err)
		if m.mode&typeMask != typeDir {
			_, err = io.WriteString(f, m.content)
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// The formats of cpio, as cpio -H calls them.
const (
	newc = "070701"
	crc  = "070702"
	odc  = "070707"
)

// buildCpio makes an archive the way GNU cpio does: newc and crc keep the data of hard links with the last one, odc with
// every one.
func buildCpio(magic string, members ...member) []byte {
	var b bytes.Buffer
	inodes := make(map[string]int)
	links := make(map[int]int)
	for i, m := range members {
		inodes[m.name] = i + 1
		if m.link != "" {
			inodes[m.name] = inodes[m.link]
		}
		links[inodes[m.name]]++
	}
	seen := make(map[int]int)
	content := make(map[int]string)
	for _, m := range members {
		inode := inodes[m.name]
		seen[inode]++
		if m.link == "" {
			content[inode] = m.content
		}
		data := content[inode]
		if magic != odc && seen[inode] < links[inode] {
			data = ""
		}
		writeCpio(&b, magic, m, inode, links[inode], data)
	}
	writeCpio(&b, magic, member{name: "TRAILER!!!", mode: 0}, 0, 1, "")
	return b.Bytes()
}

func writeCpio(b *bytes.Buffer, magic string, m member, inode, links int, data string) {
	mode := m.mode
	if mode&typeMask == 0 && m.name != "TRAILER!!!" {
		mode |= typeRegular
	}
	name := strings.TrimSuffix(m.name, "/")
	if magic == odc {
		fmt.Fprintf(b, "%s%06o%06o%06o%06o%06o%06o%06o%011o%06o%011o%s\x00%s", magic, 1, inode, mode, 0, 0, links,
			m.devices[0]<<8|m.devices[1], testTime.Unix(), len(name)+1, len(data), name, data)
		return
	}
	var sum uint32
	if magic == crc {
		for _, c := range []byte(data) {
			sum += uint32(c)
		}
	}
	fmt.Fprintf(b, "%s%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00", magic, inode, mode, 0, 0, links,
		testTime.Unix(), len(data), 8, 1, m.devices[0], m.devices[1], len(name)+1, sum, name)
	pad(b, 4)
	b.WriteString(data)
	pad(b, 4)
}

func pad(b *bytes.Buffer, align int) {
	for b.Len()%align != 0 {
		b.WriteByte(0)
	}
}

// buildDeb makes a package of any members, given as name and content in turn.
func buildDeb(files ...string) []byte {
	var b bytes.Buffer
	b.WriteString("!<arch>\n")
	for i := 0; i < len(files); i += 2 {
		fmt.Fprintf(&b, "%-16s%-12d%-6d%-6d%-8s%-10d`\n%s", files[i], testTime.Unix(), 0, 0, "100644", len(files[i+1]), files[i+1])
		if b.Len()%2 != 0 {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

// compress compresses data. There is no writer of bzip2 in Go: tests of it use files in testdata.
func compress(t testing.TB, c archive.Compression, data []byte) []byte {
	t.Helper()
	return compressFrom(t, c, bytes.NewReader(data))
}

func compressFrom(t testing.TB, c archive.Compression, data io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch c {
	case archive.Gzip:
		w = gzip.NewWriter(&b)
	case archive.XZ:
		w, err = xz.WriterConfig{DictCap: 1 << 16}.NewWriter(&b)
	case archive.LZMA:
		w, err = lzma.WriterConfig{DictCap: 1 << 16, EOSMarker: true}.NewWriter(&b)
	case archive.Zstd:
		w, err = zstd.NewWriter(&b)
	case archive.LZ4:
		w = lz4.NewWriter(&b)
	case lz4Legacy:
		legacy := lz4.NewWriter(&b)
		require.NoError(t, legacy.Apply(lz4.LegacyOption(true)))
		w = legacy
	default:
		t.Fatalf("no writer of %s", c)
	}
	require.NoError(t, err)
	_, err = io.Copy(w, data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// lz4Legacy is for compress alone.
const lz4Legacy = archive.Compression("lz4 legacy")

// writable are the compressions that compress knows.
var writable = []archive.Compression{archive.Gzip, archive.XZ, archive.LZMA, archive.Zstd, archive.LZ4, lz4Legacy}

// save writes an archive to a file with a name that tells nothing, as in the asset cache.
func save(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "3b5d5c3712955042212316173ccf37be")
	require.NoError(t, os.WriteFile(path, data, 0o444))
	return path
}

// stream is a source that cannot be read at random.
func stream(data []byte, name string) archive.Source {
	return archive.Source{Reader: io.MultiReader(bytes.NewReader(data)), Name: name}
}

// extract unpacks into a new directory and returns it.
func extract(t testing.TB, src archive.Source, opts archive.Options) string {
	t.Helper()
	dst := filepath.Join(t.TempDir(), "out")
	require.NoError(t, archive.Extract(context.Background(), dst, src, opts))
	return dst
}

// listing describes a tree, one line for each file, in the manner of ls -l.
func listing(t testing.TB, root string) []string {
	t.Helper()
	var lines []string
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		line := fmt.Sprintf("%v %s", info.Mode(), name)
		switch info.Mode().Type() {
		case fs.ModeSymlink:
			target, err := os.Readlink(path)
			lines = append(lines, line+" -> "+target)
			return err
		case 0:
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			line += fmt.Sprintf(" %d %.20q", len(content), content)
		}
		lines = append(lines, line+" "+info.ModTime().UTC().Format(time.DateTime))
		return nil
	}))
	return lines
}
