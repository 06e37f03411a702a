//go:build linux

package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// loadModules loads the modules of a list; see [ModulesFile]. No list is an
// empty one.
func loadModules(list string) error {
	data, err := os.ReadFile(list)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var errs []error
	for line := range strings.Lines(string(data)) {
		path, parameters, _ := strings.Cut(strings.TrimSpace(line), " ")
		if path == "" || strings.HasPrefix(path, "#") {
			continue
		}
		if err := loadModule(path, parameters); err != nil {
			errs = append(errs, fmt.Errorf("loading module %s: %w", path, err))
		}
	}
	return errors.Join(errs...)
}

func loadModule(path, parameters string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	flags := 0
	switch filepath.Ext(path) {
	case ".gz", ".xz", ".zst":
		flags = unix.MODULE_INIT_COMPRESSED_FILE // since Linux 5.17
	}
	err = unix.FinitModule(int(file.Fd()), parameters, flags)
	if err == unix.EEXIST || err == unix.ENODEV {
		return nil
	}
	return err
}
