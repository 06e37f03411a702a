package gotest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/qemutest/functional/qemutest/image"
)

// MaxTree is how much of a package's directory goes to the guest at most, in
// bytes. It lies in the guest's memory there.
const MaxTree = 256 << 20

// hostFiles are what name services of the C library and of Go read, and the time
// zone. The guest gets those of the host, so that tests find the same users and
// services.
var hostFiles = []string{
	"/etc/group", "/etc/hosts", "/etc/localtime", "/etc/mime.types",
	"/etc/nsswitch.conf", "/etc/passwd", "/etc/protocols", "/etc/services",
}

// AddTo adds to a file system what the binary needs in the guest, under the
// same paths as on the host: itself, the directory of its package with testdata
// and all else but what, outside of testdata, belongs to other modules or begins
// with a dot, the testdata of the directory above, the directories of its
// outputs, an empty home directory, and the name of the host and its time zones.
func (i Invocation) AddTo(root *image.Initramfs) error {
	i.addHost(root)
	for _, dir := range []string{i.Dir, filepath.Join(filepath.Dir(i.Dir), "testdata")} {
		if err := addTree(root, dir); err != nil && !(dir != i.Dir && errors.Is(err, fs.ErrNotExist)) {
			return fmt.Errorf("taking the directory of the package to the guest: %w", err)
		}
	}
	for _, output := range i.Outputs() {
		if err := i.addOutput(root, output); err != nil {
			return err
		}
	}
	root.AddFile(i.Binary, 0o755, i.Binary)
	return nil
}

// addOutput makes a place for an output: its directory, and itself if it is one
// that is there on the host. What fuzzing has found before goes along.
func (i Invocation) addOutput(root *image.Initramfs, output string) error {
	root.AddDir(filepath.Dir(output), 0o755)
	if info, err := os.Stat(output); err == nil && info.IsDir() {
		root.AddDir(output, 0o755)
	}
	if dir := i.fuzzCache(); output == dir {
		if err := addTree(root, dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("taking what fuzzing has found to the guest: %w", err)
		}
	}
	return nil
}

// addHost adds what makes the guest look like the host to tests.
func (i Invocation) addHost(root *image.Initramfs) {
	if zones := i.zones(); zones != "" {
		root.AddFile(zones, 0o644, zones)
	}
	for _, path := range hostFiles {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			root.AddFile(path, 0, path)
		}
	}
	if name, err := os.Hostname(); err == nil {
		root.AddBytes("/etc/hostname", 0o644, []byte(name+"\n"))
	}
	if home := i.env("HOME"); filepath.IsAbs(home) && filepath.Clean(home) != "/" {
		root.AddDir(home, 0o755)
	}
	root.AddDir("/tmp", fs.ModeSticky|0o777)
}

// zones returns the time zones of the Go installation, "" if they are not found.
func (i Invocation) zones() string {
	if path := i.env("ZONEINFO"); path != "" {
		return path
	}
	command, err := exec.LookPath("go") // go test puts its own first
	if err != nil {
		return ""
	}
	command, err = filepath.EvalSymlinks(command)
	if err != nil {
		return ""
	}
	path := filepath.Join(filepath.Dir(filepath.Dir(command)), "lib", "time", "zoneinfo.zip")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// addTree adds a directory of the host under its own path. Files that vanish
// meanwhile, because other tests have made them, are left out.
func addTree(root *image.Initramfs, dir string) error {
	size := int64(0)
	return walk(dir, func(path string, entry fs.DirEntry) error {
		switch entry.Type() {
		case fs.ModeDir:
			root.AddDir(path, 0o755)
		case fs.ModeSymlink:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			root.AddSymlink(path, target)
		case 0:
			info, err := entry.Info()
			if err != nil {
				return err
			}
			if size += info.Size(); size > MaxTree {
				return tooLarge(dir)
			}
			root.AddFileIfThere(path, 0, path)
		}
		return nil
	})
}

// walk calls add for what goes to the guest of a directory. Whatever add does
// not find, apart from the directory itself, has been removed since it was
// listed.
func walk(dir string, add func(path string, entry fs.DirEntry) error) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil {
			if path != dir && !inTestdata(path) && leaveOut(path, entry) {
				return skip(entry)
			}
			err = add(path, entry)
		}
		if path != dir && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

// inTestdata reports whether a file is below a directory named testdata, which
// may hold anything.
func inTestdata(path string) bool {
	return slices.Contains(strings.Split(filepath.Dir(path), string(filepath.Separator)), "testdata")
}

// leaveOut reports whether a file is none of the package's: of tools, or of
// another module.
func leaveOut(path string, entry fs.DirEntry) bool {
	if strings.HasPrefix(entry.Name(), ".") {
		return true
	}
	_, err := os.Stat(filepath.Join(path, "go.mod"))
	return err == nil && entry.IsDir()
}

func skip(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}
