package qemutest

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/qemutest/functional/archive"
)

// Source is a file that a test uses: an [*asset.Asset], a [kernel.Package], a
// [Package] or a [File].
type Source interface {
	// Fetch returns the path of the file.
	Fetch(ctx context.Context) (string, error)
	// Name returns the file name that tells its format.
	Name() string
}

// File is the path of a file, as a [Source].
type File string

// Fetch returns the path.
func (f File) Fetch(context.Context) (string, error) { return string(f), nil }

// Name returns the last element of the path.
func (f File) Name() string { return filepath.Base(string(f)) }

// Extract unpacks an archive (tar, zip, cpio, deb; compressed or not) into a new
// directory in the scratch directory, which it returns: the whole archive, or
// the named members of it. Package archive tells what is safe about it.
func (q *Test) Extract(src Source, members ...string) string {
	q.t.Helper()
	return q.ExtractWith(src, archive.Options{Members: members})
}

// ExtractWith is [Test.Extract] with all options, for example the format of an
// archive whose name does not tell it.
func (q *Test) ExtractWith(src Source, opts archive.Options) string {
	q.t.Helper()
	dir := q.unusedScratch(stem(src.Name()))
	if opts.Note == nil {
		opts.Note = func(text string) { q.logf("%s: %s", src.Name(), text) }
	}
	if err := archive.Extract(q.ctx, dir, q.archiveSource(src), opts); err != nil {
		q.t.Fatalf("extracting %s: %v", src.Name(), err)
	}
	q.logf("extracted %s to %s", src.Name(), dir)
	return dir
}

// ExtractMember unpacks one file of an archive and returns its path.
func (q *Test) ExtractMember(src Source, member string) string {
	q.t.Helper()
	return filepath.Join(q.Extract(src, member), filepath.FromSlash(member))
}

// Decompress unpacks a compressed file (gz, xz, lzma, zst, bz2, lz4) into the
// scratch directory and returns the path of the result: the name without the
// extension of its compression.
func (q *Test) Decompress(src Source) string {
	q.t.Helper()
	return q.DecompressWith(src, archive.Options{})
}

// DecompressWith is [Test.Decompress] with all options, for example the
// compression of a file whose name does not tell it.
func (q *Test) DecompressWith(src Source, opts archive.Options) string {
	q.t.Helper()
	name := src.Name()
	if _, compression := archive.DetectName(name); compression != archive.None {
		name = strings.TrimSuffix(name, path.Ext(name))
	}
	dst := q.unusedScratch(name)
	if err := archive.Decompress(q.ctx, dst, q.archiveSource(src), opts); err != nil {
		q.t.Fatalf("decompressing %s: %v", src.Name(), err)
	}
	q.logf("decompressed %s to %s", src.Name(), dst)
	return dst
}

func (q *Test) archiveSource(src Source) archive.Source {
	q.t.Helper()
	path, err := src.Fetch(q.ctx)
	if err != nil {
		q.end(skipTransient(err))
	}
	return archive.Source{Path: path, Name: src.Name()}
}

// unusedScratch returns a path in the scratch directory that does not exist,
// called name if it can be.
func (q *Test) unusedScratch(name string) string {
	q.t.Helper()
	name = usableName(name)
	path := q.Scratch(name)
	for n := 2; ; n++ {
		if _, err := os.Lstat(path); os.IsNotExist(err) {
			return path
		}
		path = q.Scratch(name + "." + strconv.Itoa(n))
	}
}

// stem returns a file name up to its first dot.
func stem(name string) string {
	if before, _, _ := strings.Cut(name, "."); before != "" {
		return before
	}
	return name
}
