package image

import (
	"bufio"
	"cmp"
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

	"github.com/qemutest/functional/archive"
)

// Initramfs is an initial RAM file system: what the kernel unpacks into its
// root before it starts /init (Documentation/driver-api/early-userspace of the
// kernel). The zero value is empty and ready to use.
//
// Names are slash-separated and relative to the root; a leading slash does not
// matter. Directories above an entry are made, with mode 0755, unless they are
// added. A name that is added again replaces what was there. Whatever is wrong
// with an addition is reported when the initramfs is written, so that a test
// adds without looking at errors.
//
// One goroutine at a time may change it; once complete, any number may write it.
type Initramfs struct {
	// Compression is one of [archive.None], which is the default, [archive.Gzip],
	// [archive.Zstd] and [archive.XZ]. A guest under TCG unpacks plain archives
	// fastest; its kernel may have been built without some of the others.
	Compression archive.Compression
	// ModTime is the modification time of all entries, 1970 by default. It is
	// cut to seconds.
	ModTime time.Time

	nodes map[string]node
	errs  []error
}

// node is an entry of an initramfs, of any kind.
type node struct {
	mode         fs.FileMode
	size         int64                         // of the content
	open         func() (io.ReadCloser, error) // content of a file; nil for other kinds
	optional     bool                          // a file that is left out if it is gone
	target       string                        // of a symbolic link
	major, minor uint32                        // of a device
}

// AddBytes adds a file with the given content, which must not change until the
// initramfs has been written. Of mode, only permission bits and setuid, setgid
// and sticky count.
func (i *Initramfs) AddBytes(name string, mode fs.FileMode, content []byte) {
	i.add(name, node{mode: mode & modeBits, size: int64(len(content)), open: opener(content)})
}

// AddFile adds the file of the host at path, which is read when the initramfs
// is written. A mode of 0 stands for the mode of the file.
func (i *Initramfs) AddFile(name string, mode fs.FileMode, path string) {
	i.addFile(name, mode, path, false)
}

// AddFileIfThere is AddFile for a file that others may remove: it is left out if
// it is gone now, or when the initramfs is written.
func (i *Initramfs) AddFileIfThere(name string, mode fs.FileMode, path string) {
	i.addFile(name, mode, path, true)
}

func (i *Initramfs) addFile(name string, mode fs.FileMode, path string, optional bool) {
	n, err := hostFile(path)
	if optional && errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		i.fail(name, err)
		return
	}
	if mode != 0 {
		n.mode = mode & modeBits
	}
	n.optional = optional
	i.add(name, n)
}

// hostFile returns a regular file of the host, with its mode.
func hostFile(path string) (node, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("expected %s to be a regular file, but it is %v", path, info.Mode().Type())
	}
	if err != nil {
		return node{}, err
	}
	return node{
		mode: info.Mode() & modeBits,
		size: info.Size(),
		open: func() (io.ReadCloser, error) { return os.Open(path) },
	}, nil
}

// AddDir adds a directory.
func (i *Initramfs) AddDir(name string, mode fs.FileMode) {
	i.add(name, node{mode: fs.ModeDir | mode&modeBits})
}

// AddSymlink adds a symbolic link. Its target is not looked at.
func (i *Initramfs) AddSymlink(name, target string) {
	if target == "" {
		i.fail(name, errors.New("expected a symbolic link to have a target"))
		return
	}
	i.add(name, node{mode: fs.ModeSymlink | 0o777, size: int64(len(target)), target: target})
}

// AddDevice adds a device node with its numbers: a character device if mode has
// [fs.ModeCharDevice], else a block device. A kernel opens /dev/console (5, 1)
// before it starts /init; without that node, or devtmpfs, init has no output.
func (i *Initramfs) AddDevice(name string, mode fs.FileMode, major, minor uint32) {
	i.add(name, node{
		mode:  fs.ModeDevice | mode&(modeBits|fs.ModeCharDevice),
		major: major,
		minor: minor,
	})
}

// AddTree adds the directory of the host at path, with all that is in it, as
// the directory name; "." is the root. See [Initramfs.AddFS].
func (i *Initramfs) AddTree(name, path string) {
	if _, err := os.Stat(path); err != nil {
		i.fail(name, err)
		return
	}
	i.AddFS(name, os.DirFS(path))
}

// AddFS adds all files, directories and symbolic links of a file system below
// the directory name; "." is the root. Files are read when the initramfs is
// written. Other kinds, which an [fs.FS] cannot describe, are errors.
func (i *Initramfs) AddFS(name string, fsys fs.FS) {
	err := fs.WalkDir(fsys, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return i.addEntry(path.Join(name, file), fsys, file, info)
	})
	if err != nil {
		i.fail(name, err)
	}
}

// addEntry adds a file of a file system.
func (i *Initramfs) addEntry(name string, fsys fs.FS, file string, info fs.FileInfo) error {
	switch mode := info.Mode(); mode.Type() {
	case 0:
		i.add(name, node{
			mode: mode & modeBits,
			size: info.Size(),
			open: func() (io.ReadCloser, error) { return fsys.Open(file) },
		})
	case fs.ModeDir:
		if clean(name) != "." {
			i.AddDir(name, mode)
		}
	case fs.ModeSymlink:
		target, err := fs.ReadLink(fsys, file)
		if err != nil {
			return err
		}
		i.AddSymlink(name, target)
	default:
		return fmt.Errorf("%s: expected a file, directory or symbolic link (AddDevice adds devices), but it is %v",
			file, mode.Type())
	}
	return nil
}

// modeBits are the bits of a mode that do not tell the kind of a file.
const modeBits = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky

func (i *Initramfs) add(name string, n node) {
	key, err := entryName(name)
	if err != nil {
		i.fail(name, err)
		return
	}
	if i.nodes == nil {
		i.nodes = map[string]node{}
	}
	i.nodes[key] = n
}

// entryName returns the name of an entry relative to the root.
func entryName(name string) (string, error) {
	key := clean(name)
	if key == "." || strings.ContainsRune(key, 0) || slices.Contains(strings.Split(name, "/"), "..") {
		return "", errors.New("expected the name of an entry below the root, without \"..\" in it")
	}
	return key, nil
}

func (i *Initramfs) fail(name string, err error) {
	i.errs = append(i.errs, fmt.Errorf("initramfs entry %q: %w", name, err))
}

// clean returns the name of an entry relative to the root, "." for the root.
func clean(name string) string {
	return cmp.Or(strings.TrimPrefix(path.Clean("/"+name), "/"), ".")
}

// WriteFile writes the initramfs to the file at name, which appears only when
// it is complete, and replaces one that was there.
func (i *Initramfs) WriteFile(name string) error {
	return replaceFile(name, func(file *os.File) error {
		_, err := i.WriteTo(file)
		return err
	})
}

// WriteTo writes the initramfs and returns the number of bytes written. It
// satisfies [io.WriterTo].
func (i *Initramfs) WriteTo(w io.Writer) (int64, error) {
	if err := errors.Join(i.errs...); err != nil {
		return 0, err
	}
	nodes, err := i.withParents()
	if err != nil {
		return 0, err
	}
	counter := &countingWriter{w: w}
	compressor, err := newCompressor(counter, i.Compression)
	if err != nil {
		return 0, err
	}
	out := newcWriter{w: bufio.NewWriterSize(compressor, 256<<10), modTime: i.modTime()}
	// In the order of names a directory comes before what is in it, as the
	// kernel needs it.
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		if err := out.write(name, nodes[name]); err != nil {
			return counter.n, errors.Join(fmt.Errorf("initramfs entry %q: %w", name, err), compressor.Close())
		}
	}
	err = errors.Join(out.close(), compressor.Close())
	return counter.n, err
}

// withParents returns the entries and the directories above them.
func (i *Initramfs) withParents() (map[string]node, error) {
	all := maps.Clone(i.nodes)
	for name := range i.nodes {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			parent, ok := all[dir]
			if !ok {
				all[dir] = node{mode: fs.ModeDir | 0o755}
			} else if !parent.mode.IsDir() {
				return nil, fmt.Errorf("initramfs entry %q: expected %q to be a directory, but it was added as %v",
					name, dir, parent.mode)
			}
		}
	}
	return all, nil
}

func (i *Initramfs) modTime() uint32 {
	if i.ModTime.IsZero() {
		return 0
	}
	return uint32(i.ModTime.Unix())
}
