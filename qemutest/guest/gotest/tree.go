package gotest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/qemutest/functional/qemutest/image"
)

// MaxTree is how much of a package's directory goes to the guest at most, in
// bytes. It lies in the guest's memory there.
const MaxTree = 256 << 20

// hostFiles are what name services of the C library and of Go read. The guest
// gets those of the host, so that tests find the same users and services.
var hostFiles = []string{"/etc/group", "/etc/hosts", "/etc/mime.types", "/etc/passwd", "/etc/protocols", "/etc/services"}

// AddTo adds to a file system what the binary needs in the guest, under the
// same paths as on the host: itself, the directory of its package with testdata
// and all else but what belongs to other modules or begins with a dot, the
// testdata of the directory above, and the directories of its outputs.
func (i Invocation) AddTo(root *image.Initramfs) error {
	for _, path := range hostFiles {
		if _, err := os.Stat(path); err == nil {
			root.AddFile(path, 0, path)
		}
	}
	for _, dir := range []string{i.Dir, filepath.Join(filepath.Dir(i.Dir), "testdata")} {
		if err := addTree(root, dir); err != nil && !(dir != i.Dir && errors.Is(err, fs.ErrNotExist)) {
			return fmt.Errorf("taking the directory of the package to the guest: %w", err)
		}
	}
	for _, output := range i.Outputs() {
		root.AddDir(filepath.Dir(output), 0o755)
	}
	if dir := i.coverDir(); dir != "" {
		root.AddDir(dir, 0o755)
	}
	root.AddFile(i.Binary, 0o755, i.Binary)
	return nil
}

// addTree adds a directory of the host under its own path.
func addTree(root *image.Initramfs, dir string) error {
	size := int64(0)
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path != dir && strings.HasPrefix(entry.Name(), ".") {
			return skip(entry)
		}
		switch entry.Type() {
		case fs.ModeDir:
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != dir {
				return fs.SkipDir
			}
			root.AddDir(path, 0o755)
		case fs.ModeSymlink:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			root.AddSymlink(path, target)
		case 0:
			info, err := entry.Info()
			if errors.Is(err, fs.ErrNotExist) {
				return nil // of another test, and removed meanwhile
			}
			if err != nil {
				return err
			}
			if size += info.Size(); size > MaxTree {
				return fmt.Errorf("expected at most %d MB in %s: move what the tests do not need", MaxTree>>20, dir)
			}
			root.AddFile(path, 0, path)
		}
		return nil
	})
}

func skip(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}
