// Package gocache tells the go command what the result of this test process
// depends on.
//
// The go command keeps the results of packages that passed and prints them again
// ("(cached)") while the test binary, its flags, and the variables and files that
// it looked at are the same ("go help test"). It follows files of the module
// alone. But emulators, firmware and assets lie elsewhere: a package whose tests
// were all skipped for want of QEMU would be skipped from memory after QEMU was
// installed.
//
// The go command is told of files by the name under which package os was asked
// for them, and takes a name that begins with the root of the module for a file
// of the module, also when ".." leads out of it again. This package looks at
// files by such names.
package gocache

import (
	"os"
	"path/filepath"
	"strings"
)

// Never keeps the go command from using the result of this process again. root
// is the root of the module.
func Never(root string) {
	path, err := alwaysNew()
	if err != nil {
		return // what cannot be made here, no test will find either
	}
	if file, err := os.Open(through(root, path)); err == nil {
		_ = file.Close()
	}
}

// Follow has the go command use the result of this process again only while a
// file is as it is now: there or not there, of this size, mode and time of
// change. The path is absolute and may lead anywhere.
func Follow(root, path string) { _, _ = os.Stat(through(root, path)) }

// through returns a name of an absolute path that begins with root.
func through(root, path string) string {
	// ".." goes up from where root really is, as the kernel sees it.
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return path
	}
	depth := strings.Count(filepath.Clean(real), string(filepath.Separator))
	return filepath.Clean(root) + strings.Repeat("/..", depth) + filepath.Clean(path)
}
