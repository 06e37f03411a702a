package gotest

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// heaviest is how many entries of a directory that is too large are named.
const heaviest = 5

// tooLarge says what makes a directory larger than the guest may have it.
func tooLarge(dir string) error {
	sizes := weigh(dir)
	var text strings.Builder
	fmt.Fprintf(&text, "expected at most %s in %s, got %s: move what the tests do not need; the largest are",
		mebibytes(MaxTree), dir, mebibytes(sizes[dir]))
	for _, path := range largest(sizes, dir) {
		name, _ := filepath.Rel(dir, path)
		fmt.Fprintf(&text, "\n  %s  %s", mebibytes(sizes[path]), name)
	}
	return fmt.Errorf("%s", text.String())
}

func mebibytes(size int64) string { return fmt.Sprintf("%.1f MiB", float64(size)/(1<<20)) }

// weigh returns the sizes of a directory and of all that is in it. What cannot be
// looked at weighs nothing.
func weigh(dir string) map[string]int64 {
	sizes := map[string]int64{}
	_ = walk(dir, func(path string, entry fs.DirEntry) error {
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() {
			return nil
		}
		for sizes[path] += info.Size(); path != dir; sizes[path] += info.Size() {
			path = filepath.Dir(path)
		}
		return nil
	})
	return sizes
}

// largest returns the largest entries of a directory, each as deep in it as one
// of them is nearly all that there is.
func largest(sizes map[string]int64, dir string) []string {
	entries := map[string][]string{} // of directories, the largest first
	for path := range maps.Keys(sizes) {
		if path != dir {
			entries[filepath.Dir(path)] = append(entries[filepath.Dir(path)], path)
		}
	}
	for _, paths := range entries {
		slices.SortFunc(paths, func(a, b string) int {
			return cmp.Or(cmp.Compare(sizes[b], sizes[a]), strings.Compare(a, b))
		})
	}
	paths := entries[dir]
	paths = paths[:min(len(paths), heaviest)]
	paths = slices.DeleteFunc(paths, func(path string) bool { return sizes[path] < sizes[dir]/100 })
	for n, path := range paths {
		for len(entries[path]) > 0 && sizes[entries[path][0]] >= sizes[path]*9/10 {
			path = entries[path][0]
		}
		paths[n] = path
	}
	return paths
}
