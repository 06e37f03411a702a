package image

// The FAT writer is this module's own: go-diskfs 1.9.4 writes short names, ".."
// and empty files that fsck.fat finds fault with, loses names beyond the Basic
// Multilingual Plane, stamps files with the time of day even when asked to be
// reproducible, and takes seconds for 500 files.

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// FAT is a medium with a FAT file system, as UEFI, boot loaders and every
// kernel read it: FAT12, FAT16 or FAT32 with long names (Microsoft, "FAT32 File
// System Specification", 2000). The zero value is empty and ready to use.
//
// Names are used, and errors reported, as by [Initramfs]. Names keep their
// spelling and are equal whatever their case. There are neither modes nor links
// on FAT. It has no partition table; see [Disk] for that.
//
// One goroutine at a time may change it; once complete, any number may write it.
type FAT struct {
	// Label is the name of the volume: up to 11 letters, digits and other
	// characters that short names may have, or spaces. "" is no name.
	Label string
	// Size is the size in bytes, in whole sectors. 0 stands for that of the
	// partition, or for the least that holds all files, in whole MiB, with a
	// little to spare.
	Size int64
	// Bits is 12, 16 or 32. 0 stands for 12 up to 4 MiB, 16 below 512 MiB and
	// 32 from there on. FAT32 needs at least 34 MiB.
	Bits int
	// ModTime is the modification time of all files and directories, in UTC,
	// 1980 by default. It is cut to two seconds.
	ModTime time.Time

	nodes map[string]node
	errs  []error
}

// AddBytes adds a file with the given content, which must not change until the
// file system has been written.
func (f *FAT) AddBytes(name string, content []byte) {
	f.add(name, node{size: int64(len(content)), open: opener(content)})
}

// AddFile adds the file of the host at path, which is read when the file system
// is written.
func (f *FAT) AddFile(name, path string) {
	n, err := hostFile(path)
	if err != nil {
		f.fail(name, err)
		return
	}
	f.add(name, n)
}

// AddDir adds a directory.
func (f *FAT) AddDir(name string) { f.add(name, node{mode: fs.ModeDir}) }

// AddTree adds the directory of the host at path, with all that is in it, as
// the directory name; "." is the root. See [FAT.AddFS].
func (f *FAT) AddTree(name, path string) {
	if _, err := os.Stat(path); err != nil {
		f.fail(name, err)
		return
	}
	f.AddFS(name, os.DirFS(path))
}

// AddFS adds all files and directories of a file system below the directory
// name; "." is the root. Files are read when the file system is written. Other
// kinds, which FAT does not have, are errors.
func (f *FAT) AddFS(name string, fsys fs.FS) {
	err := fs.WalkDir(fsys, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		target := path.Join(name, file)
		switch mode := info.Mode(); {
		case mode.IsRegular():
			f.add(target, node{size: info.Size(), open: func() (io.ReadCloser, error) { return fsys.Open(file) }})
		case !mode.IsDir():
			return fmt.Errorf("%s: expected a file or directory, as FAT has no other kinds, but it is %v", file, mode.Type())
		case clean(target) != ".":
			f.AddDir(target)
		}
		return nil
	})
	if err != nil {
		f.fail(name, err)
	}
}

// WriteTo writes the file system. It satisfies [io.WriterTo].
func (f *FAT) WriteTo(w io.Writer) (int64, error) { return writeTo(f, w) }

// WriteFile writes the file system to the file at name, with holes for what is
// empty. The file appears only when it is complete, and replaces one that was
// there.
func (f *FAT) WriteFile(name string) error { return writeFile(f, name) }

func (f *FAT) add(name string, n node) {
	key, err := entryName(name)
	if err != nil {
		f.fail(name, err)
		return
	}
	if f.nodes == nil {
		f.nodes = map[string]node{}
	}
	f.nodes[key] = n
}

func (f *FAT) fail(name string, err error) {
	f.errs = append(f.errs, fatError(name, err))
}

func fatError(name string, err error) error { return fmt.Errorf("FAT entry %q: %w", name, err) }

// fatFile is a file or directory with its place.
type fatFile struct {
	name    string // of the last part
	short   shortName
	content node
	files   []*fatFile // of a directory, sorted by name
	cluster int64      // first one; 0 for none, which the root may have
	size    int64      // in bytes, of a directory including all its entries
}

func (d *fatFile) isDir() bool { return d.content.mode.IsDir() }

// fatTree arranges entries in directories.
type fatTree struct {
	given  map[string]node
	dirs   map[string]*fatFile
	folded map[string]string // names in one case, to names
}

// tree arranges the entries, and gives each its short name.
func (f *FAT) tree() (*fatFile, error) {
	if err := errors.Join(f.errs...); err != nil {
		return nil, err
	}
	root := &fatFile{content: node{mode: fs.ModeDir}}
	t := fatTree{f.nodes, map[string]*fatFile{".": root}, map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(f.nodes)) {
		if err := t.enter(name, f.nodes[name]); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.dirs)) {
		if err := t.dirs[name].nameShort(); err != nil {
			return nil, fatError(name, err)
		}
	}
	return root, nil
}

// enter adds an entry, and the directories above it.
func (t *fatTree) enter(name string, n node) error {
	if t.dirs[name] != nil {
		return nil
	}
	if err := errors.Join(checkLongName(path.Base(name)), checkFileSize(n.size)); err != nil {
		return fatError(name, err)
	}
	parent := path.Dir(name)
	if above, given := t.given[parent]; given && !above.mode.IsDir() {
		return fatError(name, fmt.Errorf("expected %q to be a directory, but it was added as a file", parent))
	}
	if err := t.enter(parent, node{mode: fs.ModeDir}); err != nil {
		return err
	}
	upper := strings.ToUpper(name)
	if other, taken := t.folded[upper]; taken {
		return fatError(name, fmt.Errorf("expected a name that differs from others in more than case, but there is %q", other))
	}
	t.folded[upper] = name
	file := &fatFile{name: path.Base(name), content: n, size: n.size}
	t.dirs[parent].files = append(t.dirs[parent].files, file)
	if n.mode.IsDir() {
		t.dirs[name] = file
	}
	return nil
}

func checkFileSize(size int64) error {
	if size >= 1<<32 {
		return fmt.Errorf("expected less than 4 GiB, the limit of FAT, but it has %d bytes", size)
	}
	return nil
}

// nameShort gives short names to what is in a directory. Names that are short
// ones come first, so that they stay what they are.
func (d *fatFile) nameShort() error {
	names := shortNames{taken: map[shortName]bool{}, last: map[string]int{}}
	for _, file := range d.files {
		if short, ok := asShortName(file.name); ok {
			names.taken[short] = true
			file.short = short
		}
	}
	entries := 0
	for _, file := range d.files {
		if file.short == (shortName{}) {
			short, err := names.abbreviate(file.name)
			if err != nil {
				return fmt.Errorf("%q: %w", file.name, err)
			}
			file.short = short
		}
		entries += 1 + len(file.longParts())
	}
	entries += 2 // "." and ".."; in the root the label
	if entries > maxDirEntries {
		return fmt.Errorf("expected a directory of at most %d entries of 32 bytes, as FAT has it, but it needs %d", maxDirEntries, entries)
	}
	d.size = int64(entries) * dirEntrySize
	return nil
}
