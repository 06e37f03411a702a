// Package module finds the module that a test belongs to, where the relative
// paths begin that people give in environment variables.
package module

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// Root returns the nearest directory with a go.mod file, from the directory of
// the package upward; the working directory itself when there is none, as for a
// test binary that was carried to another machine.
var Root = sync.OnceValues(func() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("looking for the module: %w", err)
	}
	for dir := start; ; {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return start, nil
		}
		dir = parent
	}
})

// Path makes a path absolute that a person gave, who does not think of the
// package's directory, in which go test runs the test.
func Path(path string) (string, error) {
	if filepath.IsAbs(path) {
		return path, nil
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	return filepath.Join(root, path), nil
}
