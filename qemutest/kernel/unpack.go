package kernel

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/klauspost/compress/flate"

	"github.com/qemutest/functional/archive"
)

// What is kept of a package, in a directory of its own.
const (
	unpackedName = "kernel-1"     // the directory; the number counts the changes of its content
	imageName    = "vmlinuz"      // the kernel
	filesName    = "files.zip"    // device trees and modules, uncompressed names as in the package
	indexName    = "modules.json" // what modules there are, see index
)

// unpack takes from a Debian package, of which the whole would be large, what [Kernel] gives.
func unpack(ctx context.Context, deb, dir string) error {
	tree := filepath.Join(dir, "tree")
	if err := archive.Extract(ctx, tree, archive.Source{Path: deb}, archive.Options{Format: archive.FormatDeb}); err != nil {
		return err
	}
	p, err := newPacker(dir)
	if err != nil {
		return err
	}
	err = filepath.WalkDir(tree, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		name, err := filepath.Rel(tree, file)
		if err != nil {
			return err
		}
		return p.add(filepath.ToSlash(name), file)
	})
	return errors.Join(err, p.close(), os.RemoveAll(tree))
}

// packer writes what is kept of a package.
type packer struct {
	dir   string
	file  *os.File
	zip   *zip.Writer
	index index
}

func newPacker(dir string) (*packer, error) {
	file, err := os.Create(filepath.Join(dir, filesName))
	if err != nil {
		return nil, err
	}
	p := &packer{dir: dir, file: file, zip: zip.NewWriter(file), index: newIndex()}
	// Three times as fast as the standard library's; what is kept is not worth more.
	p.zip.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestSpeed)
	})
	return p, nil
}

// Where packages have images and device trees.
var (
	// vmlinuz, or vmlinux on MIPS, POWER and RISC-V; under usr/lib from Debian 14 on.
	imageFile = regexp.MustCompile(`^(?:boot/vmlinu[xz]-[^/]+|(?:usr/)?lib/modules/[^/]+/vmlinu[xz])$`)
	// The group is the name, with the vendor's directory on most architectures. Debian, Debian from 14 on, Ubuntu.
	dtbFile = regexp.MustCompile(`/(?:linux-image-[^/]+|modules/[^/]+/dtb|device-tree)/(.+\.dtb)$`)
)

// add keeps a file of the package if it is of use.
func (p *packer) add(name, file string) error {
	base := path.Base(name)
	switch {
	case imageFile.MatchString(name):
		image := filepath.Join(p.dir, imageName)
		if err := os.Rename(file, image); err != nil {
			return err
		}
		return unpackZboot(image)
	case dtbFile.MatchString(name):
		return p.store(dtbPrefix+dtbFile.FindStringSubmatch(name)[1], file)
	case base == "modules.builtin":
		return p.builtin(file)
	case moduleName(base) != "":
		return p.module(name, file)
	}
	return nil
}

const (
	dtbPrefix    = "dtb/"
	modulePrefix = "modules/"
)

func (p *packer) store(name, file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return p.storeBytes(name, content)
}

func (p *packer) storeBytes(name string, content []byte) error {
	w, err := p.zip.Create(name)
	if err != nil {
		return err
	}
	_, err = w.Write(content)
	return err
}

func (p *packer) builtin(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		if name := moduleName(path.Base(strings.TrimSpace(line))); name != "" {
			p.index.Builtin[name] = true
		}
	}
	return nil
}

func (p *packer) module(name, file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if _, compression := archive.DetectName(name); compression != archive.None {
		r, err := archive.NewReader(bytes.NewReader(content), compression)
		if err != nil {
			return err
		}
		defer r.Close()
		if content, err = io.ReadAll(r); err != nil {
			return err
		}
	}
	module := moduleName(path.Base(name))
	depends, err := moduleDepends(content)
	if err != nil {
		return &fs.PathError{Op: "read module", Path: name, Err: err}
	}
	p.index.Modules[module] = depends
	return p.storeBytes(modulePrefix+module+".ko", content)
}

func (p *packer) close() error {
	text, err := json.Marshal(p.index)
	return errors.Join(err, p.zip.Close(), p.file.Close(), os.WriteFile(filepath.Join(p.dir, indexName), text, 0o644))
}
