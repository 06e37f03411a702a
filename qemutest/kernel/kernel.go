package kernel

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Kernel is an unpacked kernel. Its methods may be used by several goroutines.
type Kernel struct {
	// Release is what uname -r says: "6.1.0-50-arm64".
	Release string
	// Version is the version of the package: "6.1.176-1".
	Version string
	// SHA256 is the hash of the package that has the image.
	SHA256 string
	// Image is the path of the kernel, for -kernel. Nobody may write to it.
	Image string

	dirs  []string // of each package, see unpack
	once  sync.Once
	index index
	err   error // of reading the index
}

// String tells release and version.
func (k *Kernel) String() string { return fmt.Sprintf("Linux %s (%s)", k.Release, k.Version) }

// Banner returns a regular expression for the kernel's first line on the console: its release and, as Debian and Ubuntu
// both have it in there, the version of the package, of which nothing is missing.
func (k *Kernel) Banner() string {
	version := regexp.QuoteMeta(k.Version)
	if strings.HasSuffix(k.Release, "-generic") {
		// Ubuntu: 6.8.0-45.46~22.04.1 becomes #46~22.04.1-Ubuntu.
		_, build, _ := strings.Cut(k.Version, "-")
		_, upload, _ := strings.Cut(build, ".")
		version = "#" + regexp.QuoteMeta(upload) + "-Ubuntu"
	}
	// White space follows also where the console has not received all of the line.
	return `Linux version ` + regexp.QuoteMeta(k.Release) + ` \(.*\s` + version + `\s`
}

// findImage sets the path of the kernel.
func (k *Kernel) findImage() error {
	for _, dir := range k.dirs {
		image := filepath.Join(dir, imageName)
		if _, err := os.Stat(image); err == nil {
			k.Image = image
			return nil
		}
	}
	return fmt.Errorf("expected the packages of %s to have vmlinuz or vmlinux, but they have neither", k)
}

// DTB returns the path of a device tree, for -dtb, which is named as in the package: "bcm2837-rpi-3-b.dtb" or, with its
// directory, "broadcom/bcm2837-rpi-3-b.dtb". The error wraps [fs.ErrNotExist] if the package has none of that name.
func (k *Kernel) DTB(name string) (string, error) {
	for _, dir := range k.dirs {
		path, err := extract(dir, name)
		if !errors.Is(err, fs.ErrNotExist) {
			return path, err
		}
	}
	return "", fmt.Errorf("expected %s to have the device tree %s; see usr/lib/linux-image-%s in the package: %w",
		k, name, k.Release, fs.ErrNotExist)
}

// extract takes a device tree from the files that are kept in dir, beside which it stays.
func extract(dir, name string) (string, error) {
	path := filepath.Join(dir, "dtb-"+strings.ReplaceAll(name, "/", "-"))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	files, err := zip.OpenReader(filepath.Join(dir, filesName))
	if err != nil {
		return "", err
	}
	defer files.Close()
	for _, file := range files.File {
		if tree, ok := strings.CutPrefix(file.Name, dtbPrefix); !ok || tree != name && !strings.HasSuffix(tree, "/"+name) {
			continue
		}
		content, err := fs.ReadFile(files, file.Name)
		if err != nil {
			return "", err
		}
		return path, writeAtOnce(path, content)
	}
	return "", fs.ErrNotExist
}

// writeAtOnce writes a file that appears only when it is complete: other processes write it, too.
func writeAtOnce(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// Module is a loadable part of a kernel.
type Module struct {
	// Name is how the kernel calls it: "virtio_net".
	Name string
	// Content is the ELF file that init_module(2) takes.
	Content []byte
}

// Modules returns the named modules and those that they need, each after what it needs, so that they can be inserted in
// this order. What is built into the image is left out. "-" and "_" in names are the same. The error wraps
// [fs.ErrNotExist] if the kernel has no module of a name.
func (k *Kernel) Modules(names ...string) ([]Module, error) {
	order, err := k.order(names)
	if err != nil {
		return nil, err
	}
	var modules []Module
	for _, dir := range k.dirs {
		files, err := zip.OpenReader(filepath.Join(dir, filesName))
		if err != nil {
			return nil, err
		}
		defer files.Close()
		for _, name := range order {
			content, err := fs.ReadFile(files, modulePrefix+name+".ko")
			if err == nil {
				modules = append(modules, Module{name, content})
			} else if !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
	}
	slices.SortStableFunc(modules, func(a, b Module) int {
		return slices.Index(order, a.Name) - slices.Index(order, b.Name)
	})
	return modules, nil
}

// Has reports whether the kernel has a driver of that name, built in or as a module.
func (k *Kernel) Has(module string) (bool, error) {
	all, err := k.readIndex()
	if err != nil {
		return false, err
	}
	name := normalize(module)
	_, ok := all.Modules[name]
	return ok || all.Builtin[name], nil
}

// order returns the names of the modules to insert.
func (k *Kernel) order(names []string) ([]string, error) {
	all, err := k.readIndex()
	if err != nil {
		return nil, err
	}
	var order []string
	seen := map[string]bool{}
	var visit func(name, neededBy string) error
	visit = func(name, neededBy string) error {
		if seen[name] || all.Builtin[name] {
			return nil
		}
		seen[name] = true
		depends, ok := all.Modules[name]
		if !ok && neededBy != "" {
			return nil // a soft dependency on what was not built
		}
		if !ok {
			return fmt.Errorf("expected %s to have the module %s, but it is neither in its packages nor built in: %w",
				k, name, fs.ErrNotExist)
		}
		for _, d := range depends {
			if err := visit(d, name); err != nil {
				return err
			}
		}
		order = append(order, name)
		return nil
	}
	for _, name := range names {
		if err := visit(normalize(name), ""); err != nil {
			return nil, err
		}
	}
	return order, nil
}

// readIndex returns what modules there are in all packages.
func (k *Kernel) readIndex() (index, error) {
	k.once.Do(func() {
		k.index = newIndex()
		for _, dir := range k.dirs {
			text, err := os.ReadFile(filepath.Join(dir, indexName))
			part := newIndex()
			if err == nil {
				err = json.Unmarshal(text, &part)
			}
			if err != nil {
				k.err = err
				return
			}
			maps.Copy(k.index.Modules, part.Modules)
			maps.Copy(k.index.Builtin, part.Builtin)
		}
	})
	return k.index, k.err
}
