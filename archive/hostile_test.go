package archive_test

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/archive"
)

// prison is a destination with something outside it, and something in it, that must not change.
type prison struct {
	outside, dst string
	before       []string
}

func newPrison(t *testing.T) *prison {
	t.Helper()
	p := &prison{outside: t.TempDir()}
	p.dst = filepath.Join(p.outside, "dst")
	require.NoError(t, os.WriteFile(filepath.Join(p.outside, "secret"), []byte("secret"), 0o600))
	require.NoError(t, os.Mkdir(p.dst, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(p.dst, "mine"), []byte("mine"), 0o600))
	p.before = listing(t, p.outside)
	return p
}

// refuses extracts and wants an error and no trace of it.
func (p *prison) refuses(t *testing.T, data []byte, name string, want error) error {
	t.Helper()
	err := archive.Extract(context.Background(), p.dst, stream(data, name), archive.Options{})
	require.ErrorIs(t, err, want)
	// The times of dst itself move, because the staging directory came and went.
	after := listing(t, p.outside)
	for i := range p.before {
		if strings.HasPrefix(p.before[i], "d") {
			p.before[i], after[i] = "", ""
		}
	}
	assert.Equal(t, p.before, after)
	return err
}

func TestHostileMembers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		members []member
		member  string // to be named in the error
		want    error
	}{
		"absolute":            {[]member{file("/etc/passwd", "x")}, "/etc/passwd", archive.ErrUnsafe},
		"parent":              {[]member{file("a", ""), file("../secret", "x")}, "../secret", archive.ErrUnsafe},
		"parent inside":       {[]member{file("a/../../secret", "x")}, "a/../../secret", archive.ErrUnsafe},
		"parent directory":    {[]member{dir("../evil/")}, "../evil", archive.ErrUnsafe},
		"root is a file":      {[]member{file(".", "x")}, ".", archive.ErrCorrupt},
		"root is a link":      {[]member{symlink(".", "..")}, ".", archive.ErrCorrupt},
		"link out":            {[]member{symlink("a", "../secret")}, "a", archive.ErrUnsafe},
		"link out from below": {[]member{symlink("d/a", "../../secret")}, "d/a", archive.ErrUnsafe},
		"link through link": {[]member{dir("x/"), dir("x/y/"), symlink("x/y/up", "../.."), symlink("e", "x/y/up/../secret")},
			"e", archive.ErrUnsafe},
		"write through link":    {[]member{symlink("a", ".."), file("a/secret", "x")}, "a/secret", archive.ErrUnsafe},
		"write through chain":   {[]member{dir("d/"), symlink("d/b", ".."), symlink("a", "d/b/.."), file("a/secret", "x")}, "a/secret", archive.ErrUnsafe},
		"directory through it":  {[]member{symlink("a", ".."), dir("a/evil/")}, "a/evil", archive.ErrUnsafe},
		"circle in the path":    {[]member{symlink("a", "b"), symlink("b", "a"), file("a/x", "x")}, "a/x", archive.ErrUnsafe},
		"empty link":            {[]member{symlink("a", "")}, "a", archive.ErrCorrupt},
		"file as directory":     {[]member{file("a", "x"), file("a/b", "x")}, "a/b", archive.ErrCorrupt},
		"file over a directory": {[]member{file("a/b", "x"), file("a", "x")}, "a", archive.ErrCorrupt},
		"hard link out":         {[]member{{name: "a", link: "../secret"}}, "a", archive.ErrUnsafe},
		"absolute hard link":    {[]member{{name: "a", link: "/etc/passwd"}}, "a", archive.ErrUnsafe},
		"hard link through link": {[]member{symlink("d", ".."), {name: "a", link: "d/secret"}},
			"a", archive.ErrUnsafe},
		"hard link to what was there": {[]member{{name: "a", link: "mine"}}, "a", archive.ErrCorrupt},
		"hard link to itself":         {[]member{{name: "a", link: "a"}}, "a", archive.ErrCorrupt},
		"hard link to a directory":    {[]member{dir("d/"), {name: "a", link: "d"}}, "a", archive.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hasLinks, formats := false, map[string][]byte{"x.tar": buildTar(t, tc.members...)}
			for _, m := range tc.members {
				hasLinks = hasLinks || m.link != ""
			}
			if name == "empty link" {
				formats = map[string][]byte{} // archive/tar does not write it
			}
			if !hasLinks { // cpio has hard links by inode, not by name; zip has none
				formats["newc.cpio"] = buildCpio(newc, tc.members...)
				formats["odc.cpio"] = buildCpio(odc, tc.members...)
				formats["x.zip"] = buildZip(t, tc.members...)
			}
			for format, data := range formats {
				err := newPrison(t).refuses(t, data, format, tc.want)
				var where *archive.Error
				require.ErrorAs(t, err, &where)
				assert.Equal(t, tc.member, strings.TrimSuffix(where.Member, "/"), format)
			}
		})
	}
}

func TestErrorNamesMemberAndOffset(t *testing.T) {
	t.Parallel()
	data := buildTar(t, file("first", noise(1000)), file("../second", "x"))
	err := newPrison(t).refuses(t, data, "x.tar", archive.ErrUnsafe)
	var where *archive.Error
	require.ErrorAs(t, err, &where)
	assert.Equal(t, int64(512+1024), where.Offset)
	assert.EqualError(t, err, `cannot unpack "x.tar": member "../second" at byte 1536: `+
		`the name contains "..": the archive reaches outside the destination`)
}

// Absolute links, which every root file system has, are made as they are and mean the root of the tree.
func TestAbsoluteLinks(t *testing.T) {
	t.Parallel()
	members := []member{
		dir("usr/"), dir("usr/lib/"),
		symlink("lib", "/usr/lib"),
		symlink("host", "/etc/hostname"),
		file("lib/libc.so", "elf"),
		symlink("deep/er/link", "/lib"),
		file("deep/er/link/../up", "x"), // chroot: /usr/up
	}
	members[6].name = "deep/er/link/libm.so"
	dst := extract(t, stream(buildTar(t, members...), "x.tar"), archive.Options{})
	assert.Equal(t, []string{"deep", "deep/er", "deep/er/link", "host", "lib", "usr", "usr/lib", "usr/lib/libc.so", "usr/lib/libm.so"},
		names(t, dst))
	target, err := os.Readlink(filepath.Join(dst, "lib"))
	require.NoError(t, err)
	assert.Equal(t, "/usr/lib", target)
}

// A name that comes twice is replaced, never written through.
func TestRepeatedNames(t *testing.T) {
	t.Parallel()
	members := []member{
		file("a", "first"), file("a", "second"),
		symlink("b", "a"), file("b", "not through the link"),
		dir("c/"), file("c/x", "x"), {name: "c/", mode: typeDir | 0o700},
		symlink("d", "c"), dir("d/"), file("d/y", "y"),
		{name: "e", link: "a"}, file("e", "not into a"),
	}
	dst := extract(t, stream(buildTar(t, members...), "x.tar"), archive.Options{})
	for name, want := range map[string]string{
		"a": "second", "b": "not through the link", "c/x": "x", "d/y": "y", "e": "not into a",
	} {
		got, err := os.ReadFile(filepath.Join(dst, name))
		require.NoError(t, err)
		assert.Equal(t, want, string(got), name)
	}
	info, err := os.Stat(filepath.Join(dst, "c"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	info, err = os.Lstat(filepath.Join(dst, "d"))
	require.NoError(t, err)
	assert.True(t, info.IsDir())
}

// Members that nobody asked for are not judged.
func TestUnselectedMembersAreNotJudged(t *testing.T) {
	t.Parallel()
	data := buildTar(t, file("/abs", "x"), file("../up", "x"), file("good", "x"))
	assert.Equal(t, []string{"good"}, names(t, extract(t, stream(data, "x.tar"), archive.Options{Members: []string{"good"}})))
}

func TestLimits(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	many := buildTar(t, file("a", noise(600)), file("b", noise(600)), file("c", noise(600)))
	for name, tc := range map[string]struct {
		limits archive.Limits
		want   string
	}{
		"size":     {archive.Limits{Size: 1799}, `member "c" at byte 3072: more than 1799 bytes of output: raise Limits.Size`},
		"exact":    {archive.Limits{Size: 1800, Files: 3}, ""},
		"files":    {archive.Limits{Files: 2}, `member "c" at byte 3072: more than 2 members: raise Limits.Files`},
		"no limit": {archive.Limits{Size: -1, Files: -1, Ratio: -1}, ""},
	} {
		for _, data := range [][]byte{many, compress(t, archive.Gzip, many)} {
			dst := filepath.Join(t.TempDir(), "out")
			err := archive.Extract(ctx, dst, stream(data, ""), archive.Options{Limits: tc.limits})
			if tc.want == "" {
				require.NoError(t, err, name)
				continue
			}
			require.ErrorIs(t, err, archive.ErrLimit)
			require.ErrorContains(t, err, tc.want, name)
			assert.NoDirExists(t, dst)
		}
	}
}

// Names are what an archive can make the most work with.
func TestLimitOfNames(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("d/", 2000) + "f"
	for name, tc := range map[string]struct {
		members []member
		limits  archive.Limits
	}{
		"long name":              {[]member{file(strings.Repeat("d/", 2048)+"f", "")}, archive.Limits{}},
		"implicit directories":   {[]member{file(deep, "")}, archive.Limits{Files: 100}},
		"long way through links": {[]member{symlink("a", strings.Repeat("./a/", 1000)), file("a/x", "")}, archive.Limits{}},
	} {
		dst := filepath.Join(t.TempDir(), "out")
		err := archive.Extract(context.Background(), dst, stream(buildTar(t, tc.members...), "x.tar"), archive.Options{Limits: tc.limits})
		assert.True(t, isOneOf(err, archive.ErrLimit, archive.ErrUnsafe), "%s: %v", name, err)
		assert.NoDirExists(t, dst)
	}
}

// A size that lies is refused before the disk is full, and before sums of it wrap around.
func TestLimitOfDeclaredSize(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "a", Size: 1}))
	_, err := io.WriteString(w, "x")
	require.NoError(t, err)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "huge", Size: 1<<63 - 1}))
	newPrison(t).refuses(t, b.Bytes(), "x.tar", archive.ErrLimit)
}

// bomb is data of the byte 0xff, which makes no holes.
func bomb(n int) io.Reader {
	return io.LimitReader(readerFunc(func(p []byte) (int, error) {
		for i := range p {
			p[i] = 0xff
		}
		return len(p), nil
	}), int64(n))
}

func TestLimitOfRatio(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("writes 300 MB")
	}
	data := compressFrom(t, archive.Zstd, bomb(300<<20))
	dst := filepath.Join(t.TempDir(), "out")
	err := archive.Decompress(context.Background(), dst, stream(data, "bomb.zst"),
		archive.Options{Limits: archive.Limits{Ratio: 5000}})
	require.ErrorIs(t, err, archive.ErrLimit)
	require.ErrorContains(t, err, "more than 5000 bytes of output for each byte of input")
	assert.NoFileExists(t, dst)
	// Zeros take no room.
	zeros := compressFrom(t, archive.Zstd, io.LimitReader(zeroReader{}, 300<<20))
	require.NoError(t, archive.Decompress(context.Background(), dst, stream(zeros, "zeros.zst"),
		archive.Options{Limits: archive.Limits{Ratio: 5000}}))
}
