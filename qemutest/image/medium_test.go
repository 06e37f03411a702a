package image

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tool skips the test where a program that would read a medium is missing.
func tool(t *testing.T, name, pkg string) func(args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	for _, dir := range []string{"/usr/sbin", "/sbin"} {
		if err != nil {
			path, err = exec.LookPath(filepath.Join(dir, name))
		}
	}
	if err != nil {
		t.Skipf("needs the %s command: install package %s", name, pkg)
	}
	return func(args ...string) string {
		t.Helper()
		cmd := exec.Command(path, args...)
		cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C.UTF-8")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s %q\n%s", name, args, out)
		return string(out)
	}
}

// awkward are files whose names and sizes test the limits of FAT.
func awkward() fstest.MapFS {
	files := fstest.MapFS{
		"EFI/BOOT/BOOTX64.EFI":          {Data: bytes.Repeat([]byte("MZ"), 40_000)},
		"startup.nsh":                   {Data: []byte("echo hello\r\n")},
		"empty":                         {},
		"EMPTY.DIR":                     {Mode: os.ModeDir},
		".hidden":                       {Data: []byte("h")},
		"x.tar.gz":                      {Data: []byte("lossy")},
		"xtar.gz":                       {Data: []byte("not lossy")},
		"a long name with spaces.txt":   {Data: []byte("1")},
		"a long name with spaces.2.txt": {Data: []byte("2")},
		"größe.txt":                     {Data: []byte("3")},
		"日本語/ファイル":                      {Data: []byte("4")},
		"😀":                             {Data: []byte("5")},
		"+,;=[].cfg":                    {Data: []byte("6")},
		strings.Repeat("n", 255):        {Data: []byte("7")},
		"thirteen char":                 {Data: []byte("8")},
		"a/b/c/d/e/f/g":                 {Data: bytes.Repeat([]byte{9}, SectorSize)},
	}
	for n := range 300 {
		content := bytes.Repeat([]byte{byte(n)}, rand.IntN(3000))
		files[fmt.Sprintf("many/file number %d.dat", n)] = &fstest.MapFile{Data: content}
	}
	return files
}

// kinds are file systems of all kinds, with these files.
func kinds(files fstest.MapFS) map[string]*FAT {
	fats := map[string]*FAT{
		"FAT12": {Size: 1440 << 10},
		"FAT16": {Size: 20 << 20},
		"FAT32": {Bits: 32},
		"least": {},
		"large": {Size: 2 << 30},
		"label": {Label: "QEMU TEST", ModTime: time.Date(2024, 2, 29, 23, 59, 58, 0, time.UTC)},
	}
	for _, fat := range fats {
		fat.AddFS(".", files)
	}
	return fats
}

// eachKind runs a test on an image of each kind of file system.
func eachKind(t *testing.T, test func(t *testing.T, fat *FAT, path string, files fstest.MapFS)) {
	files := awkward()
	for name, fat := range kinds(files) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "fat.img")
			require.NoError(t, fat.WriteFile(path))
			test(t, fat, path, files)
		})
	}
}

func TestFATReads(t *testing.T) {
	t.Parallel()
	eachKind(t, func(t *testing.T, fat *FAT, path string, files fstest.MapFS) {
		image, err := os.Open(path)
		require.NoError(t, err)
		defer image.Close()
		got := readFAT(t, image)
		want := map[string]string{}
		for name, file := range files {
			if !file.Mode.IsDir() {
				want[name] = string(file.Data)
			}
		}
		assert.Equal(t, len(want), len(got))
		for name, content := range want {
			assert.True(t, content == got[name], "%q: %d bytes, not %d", name, len(got[name]), len(content))
		}
	})
}

func TestFsckFindsNoFaultWithFAT(t *testing.T) {
	t.Parallel()
	fsck := tool(t, "fsck.fat", "dosfstools")
	eachKind(t, func(t *testing.T, fat *FAT, path string, _ fstest.MapFS) {
		out := fsck("-n", "-v", path)
		assert.NotContains(t, out, "Free cluster summary")
		assert.NotContains(t, out, "differ")
		assert.Regexp(t, `: 32\d files, `, out, "files, directories and the label")
	})
}

func TestMtoolsReadFAT(t *testing.T) {
	t.Parallel()
	mcopy := tool(t, "mcopy", "mtools")
	mdir := tool(t, "mdir", "mtools")
	eachKind(t, func(t *testing.T, fat *FAT, path string, files fstest.MapFS) {
		dir := t.TempDir()
		mcopy("-s", "-i", path, "::", dir)
		for name, file := range files {
			if file.Mode.IsDir() || strings.Contains(name, "日本語") || name == "😀" {
				continue // mtools knows its code page only, and replaces the rest
			}
			got, err := os.ReadFile(filepath.Join(dir, name))
			if assert.NoError(t, err) {
				assert.True(t, bytes.Equal(file.Data, got), name)
			}
		}
		out := mdir("-i", path, "::")
		if fat.Label != "" {
			assert.Contains(t, out, "Volume in drive : is "+fat.Label)
			assert.Contains(t, out, "2024-02-29  23:59")
		} else {
			assert.Contains(t, out, "has no label")
			assert.Contains(t, out, "1980-01-01   0:00")
		}
	})
}

func TestFATIsReproducible(t *testing.T) {
	t.Parallel()
	files := awkward()
	first, second := kinds(files)["label"], kinds(files)["label"]
	var a, b bytes.Buffer
	_, err := first.WriteTo(&a)
	require.NoError(t, err)
	_, err = second.WriteTo(&b)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(a.Bytes(), b.Bytes()), "two file systems of the same files are equal")

	path := filepath.Join(t.TempDir(), "fat.img")
	require.NoError(t, first.WriteFile(path))
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(a.Bytes(), file), "stream and file are equal")
}

func TestFATErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fat  FAT
		add  func(f *FAT)
		want string
	}{
		"root":         {add: func(f *FAT) { f.AddDir("/") }, want: `FAT entry "/": expected the name of an entry below the root`},
		"colon":        {add: func(f *FAT) { f.AddBytes("dir/a:b", nil) }, want: `FAT entry "dir/a:b": expected a name without ':'`},
		"parent":       {add: func(f *FAT) { f.AddBytes("a?/b", nil) }, want: `FAT entry "a?": expected a name without '?'`},
		"control":      {add: func(f *FAT) { f.AddBytes("a\n", nil) }, want: `without '\n'`},
		"dot":          {add: func(f *FAT) { f.AddBytes("a.", nil) }, want: "does not end with a dot"},
		"long":         {add: func(f *FAT) { f.AddBytes(strings.Repeat("😀", 128), nil) }, want: "at most 255 UTF-16 code units"},
		"not UTF-8":    {add: func(f *FAT) { f.AddBytes("\xff", nil) }, want: "expected a name in UTF-8"},
		"case":         {add: func(f *FAT) { f.AddBytes("Ä/x", nil); f.AddBytes("ä/y", nil) }, want: `more than case, but there is "Ä"`},
		"below a file": {add: func(f *FAT) { f.AddBytes("a", nil); f.AddBytes("a/b", nil) }, want: `expected "a" to be a directory`},
		"link": {add: func(f *FAT) {
			f.AddFS(".", fstest.MapFS{"l": {Data: []byte("x"), Mode: os.ModeSymlink}})
		}, want: "as FAT has no other kinds"},
		"huge":        {add: func(f *FAT) { f.add("x", node{size: 1 << 32}) }, want: `FAT entry "x": expected less than 4 GiB`},
		"no file":     {add: func(f *FAT) { f.AddFile("x", "/no/such/file") }, want: "/no/such/file"},
		"full":        {fat: FAT{Size: 64 << 10}, add: func(f *FAT) { f.AddBytes("x", make([]byte, 64<<10)) }, want: "of content in 65536 bytes"},
		"sectors":     {fat: FAT{Size: 100_000}, want: "expected a size of whole sectors"},
		"bits":        {fat: FAT{Bits: 8}, want: "expected 12, 16 or 32 bits"},
		"few bits":    {fat: FAT{Bits: 12, Size: 1 << 30}, want: "FAT12 has no 1073741824 bytes"},
		"many bits":   {fat: FAT{Bits: 32, Size: 1 << 20}, want: "expected a larger size for FAT32"},
		"label":       {fat: FAT{Label: "lower"}, want: "expected capital letters"},
		"long label":  {fat: FAT{Label: "TWELVE CHARS"}, want: "at most 11 characters"},
		"early":       {fat: FAT{ModTime: time.Unix(0, 0)}, want: "expected a time between 1980 and 2107"},
		"large table": {fat: FAT{Size: 3 << 40}, want: "expected less than 2 TiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.add != nil {
				c.add(&c.fat)
			}
			var b bytes.Buffer
			_, err := c.fat.WriteTo(&b)
			require.ErrorContains(t, err, c.want)
			assert.Zero(t, b.Len())
		})
	}
}

func TestFATOfManyFiles(t *testing.T) {
	t.Parallel()
	var most, more FAT
	for n := range 21839 { // three entries each, and two
		most.AddBytes(fmt.Sprintf("name %05d.txt", n), nil)
		more.AddBytes(fmt.Sprintf("sub/name %05d.txt", n), nil)
	}
	var b bytes.Buffer
	_, err := most.WriteTo(&b)
	require.NoError(t, err)
	assert.Len(t, readFAT(t, bytes.NewReader(b.Bytes())), 21839)
	more.AddBytes("sub/one more.txt", nil)
	_, err = more.WriteTo(&b)
	require.ErrorContains(t, err, `FAT entry "sub": expected a directory of at most 65520 entries of 32 bytes, as FAT has it, but it needs 65521`)
}

// A file that changes while it is written must not shift or fill others.
func TestFATOfChangingFile(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "longer than before"} {
		path := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(path, []byte("before"), 0o644))
		var f FAT
		f.AddFile("file", path)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
		_, err := f.WriteTo(&bytes.Buffer{})
		require.ErrorContains(t, err, "expected a file of 6 bytes that nobody changes")
	}
}

func TestFATReportsFailedWrite(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	_, err := new(FAT).WriteTo(failingWriter{full})
	require.ErrorIs(t, err, full)
}

func TestRaw(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("second"), 0o644))
	var raw Raw
	raw.AddFile(600, path)
	raw.AddBytes(3, []byte("first"))
	var b bytes.Buffer
	n, err := raw.WriteTo(&b)
	require.NoError(t, err)
	assert.EqualValues(t, 1024, n)
	want := make([]byte, 1024)
	copy(want[3:], "first")
	copy(want[600:], "second")
	assert.Equal(t, want, b.Bytes())

	raw.Size = 605 / SectorSize * SectorSize
	_, err = raw.WriteTo(&b)
	require.ErrorContains(t, err, "raw medium: expected at most 512 bytes of content, but there are 606")
	raw.AddBytes(4, nil)
	_, err = raw.WriteTo(&b)
	require.ErrorContains(t, err, "raw medium: expected free space at offset 4, but what is before ends at 8")
}
