package image

import (
	"encoding/binary"
	"io"
	"path"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
)

// fatReader reads FAT as the specification tells readers to: from the image
// alone, and with the kind of table that the number of clusters says.
type fatReader struct {
	t       *testing.T
	image   io.ReaderAt
	cluster int64 // bytes
	data    int64 // offset of cluster 2
	next    func(cluster int64) int64
	seen    map[int64]bool
	files   map[string]string
}

// readFAT returns all files by name. It fails the test for what contradicts
// itself.
func readFAT(t *testing.T, image io.ReaderAt) map[string]string {
	t.Helper()
	r := fatReader{t: t, image: image, seen: map[int64]bool{}, files: map[string]string{}}
	boot := r.read(0, 512)
	le := binary.LittleEndian
	require.Equal(t, []byte{0x55, 0xaa}, boot[510:])
	reserved, table := int64(le.Uint16(boot[14:]))*512, int64(le.Uint16(boot[22:]))
	total := int64(le.Uint16(boot[19:]))
	if total == 0 {
		total = int64(le.Uint32(boot[32:]))
	}
	if table == 0 {
		table = int64(le.Uint32(boot[36:]))
	}
	rootSize := int64(le.Uint16(boot[17:])) * 32
	root := reserved + int64(boot[16])*table*512
	r.cluster, r.data = int64(boot[13])*512, root+rootSize
	clusters := (total*512 - r.data) / r.cluster
	first := r.read(reserved, table*512)
	require.True(t, string(first) == string(r.read(reserved+table*512, table*512)), "the tables are equal")
	r.next = func(c int64) int64 {
		switch {
		case clusters < 4085:
			return int64(le.Uint16(first[c*3/2:])>>(c%2*4)&0xfff) | 0xffff000*b2i(le.Uint16(first[c*3/2:])>>(c%2*4)&0xfff >= 0xff8)
		case clusters < 65525:
			return int64(le.Uint16(first[c*2:])) | 0xfff0000*b2i(le.Uint16(first[c*2:]) >= 0xfff8)
		}
		return int64(le.Uint32(first[c*4:]) & 0xfffffff)
	}
	if rootSize > 0 {
		r.dir("", r.read(root, rootSize))
	} else {
		r.dir("", r.chain(int64(le.Uint32(boot[44:]))))
	}
	return r.files
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func (r *fatReader) read(offset, size int64) []byte {
	r.t.Helper()
	b := make([]byte, size)
	_, err := r.image.ReadAt(b, offset)
	require.NoError(r.t, err)
	return b
}

// chain returns what is in a chain of clusters, none of which is in two.
func (r *fatReader) chain(cluster int64) (content []byte) {
	for cluster < 0xffffff8 {
		require.GreaterOrEqual(r.t, cluster, int64(2))
		require.False(r.t, r.seen[cluster], "cluster %d is used once", cluster)
		r.seen[cluster] = true
		content = append(content, r.read(r.data+(cluster-2)*r.cluster, r.cluster)...)
		cluster = r.next(cluster)
	}
	return content
}

// dir reads a directory with all that is below it.
func (r *fatReader) dir(name string, entries []byte) {
	le := binary.LittleEndian
	var long []uint16
	shorts := map[string]bool{}
	for ; len(entries) > 0 && entries[0] != 0; entries = entries[32:] {
		e := entries[:32]
		if e[11] == 0x0f {
			var part []uint16
			for _, at := range []int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30} {
				if unit := le.Uint16(e[at:]); unit != 0 && unit != 0xffff {
					part = append(part, unit)
				}
			}
			long = append(part, long...)
			continue
		}
		if e[11]&0x08 != 0 || e[0] == '.' {
			continue
		}
		require.False(r.t, shorts[string(e[:11])], "short name %q is given once", e[:11])
		shorts[string(e[:11])] = true
		file := shortText(e[:11])
		if len(long) > 0 {
			file = string(utf16.Decode(long))
		}
		long = nil
		r.file(path.Join(name, file), e)
	}
}

func shortText(b []byte) string {
	trim := func(b []byte) string {
		for len(b) > 0 && b[len(b)-1] == ' ' {
			b = b[:len(b)-1]
		}
		return string(b)
	}
	if extension := trim(b[8:]); extension != "" {
		return trim(b[:8]) + "." + extension
	}
	return trim(b[:8])
}

func (r *fatReader) file(name string, entry []byte) {
	le := binary.LittleEndian
	cluster := int64(le.Uint16(entry[20:]))<<16 | int64(le.Uint16(entry[26:]))
	size := int64(le.Uint32(entry[28:]))
	switch {
	case entry[11]&0x10 != 0:
		r.dir(name, r.chain(cluster))
	case cluster == 0:
		require.Zero(r.t, size, name)
		r.files[name] = ""
	default:
		content := r.chain(cluster)
		require.LessOrEqual(r.t, int64(len(content))-size, r.cluster-1, name)
		r.files[name] = string(content[:size])
	}
}
