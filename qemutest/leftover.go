package qemutest

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// keptScratch is how much of a failed test's scratch directory stays, in bytes
// on the disk. A suite that fails as a whole must not fill it.
const keptScratch = 256 << 20

// keepForRepro lets the files stay that the script of a failed test gives to
// QEMU, the first ones up to keptScratch. One that several machines were given
// counts once.
func (q *Test) keepForRepro() {
	var words []string
	for _, vm := range q.tried() {
		if argv, err := vm.config.Standalone(socketsMark); err == nil {
			words = append(words, argv...)
		}
	}
	q.workDirs.keep = withinLimit(q.scratchFiles(words), keptScratch)
}

// withinLimit returns the files and directories of the list that take no more
// than limit bytes of the disk together.
func withinLimit(paths []string, limit int64) (fit []string) {
	for _, path := range paths {
		if size := diskUsage(path); size <= limit {
			fit = append(fit, path)
			limit -= size
		}
	}
	return fit
}

// diskUsage returns how many bytes of the disk a file or directory takes. Holes
// take none.
func diskUsage(path string) (size int64) {
	_ = filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // what cannot be seen is not kept either
		}
		info, err := d.Info()
		if err != nil {
			return nil
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			size += stat.Blocks * 512 // POSIX leaves the unit open; Linux and macOS count in 512 bytes
		}
		return nil
	})
	return size
}

// removeExcept removes a directory with all that it holds but the files and
// directories of the list, and those that they are in.
func removeExcept(dir string, keep []string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if holds, is := position(path, keep); holds {
			removeExcept(path, keep)
		} else if !is {
			_ = os.RemoveAll(path)
		}
	}
	_ = os.Remove(dir) // fails if something was kept
}

// position tells whether one of the paths lies below dir, and whether one is
// dir itself.
func position(dir string, paths []string) (holds, is bool) {
	for _, path := range paths {
		is = is || path == dir
		holds = holds || strings.HasPrefix(path, dir+string(filepath.Separator))
	}
	return holds && !is, is
}
