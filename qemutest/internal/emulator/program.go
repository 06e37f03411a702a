// Package emulator finds the emulator under test and QEMU's tools, where the
// environment says.
package emulator

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/qemutest/functional/qemutest/internal/module"
)

// Env is the environment variable that names the emulator under test.
const Env = "QEMU_TEST_QEMU_BINARY"

// Program returns the path of the program that an environment variable names,
// "" if it names none. what says what it should be.
func Program(variable, what string) (string, error) {
	path := os.Getenv(variable)
	if path == "" {
		return "", nil
	}
	path, err := module.Path(path)
	if err == nil {
		_, err = exec.LookPath(path)
	}
	if err != nil {
		return "", fmt.Errorf("%s: expected the path of %s, absolute or from the root of the module; "+
			"correct it, or unset it to take the one in PATH: %w", variable, what, err)
	}
	return path, nil
}

// Image returns the path of the qemu-img that QEMU_TEST_QEMU_IMG names, "" if it
// names none.
func Image() (string, error) { return Program("QEMU_TEST_QEMU_IMG", "qemu-img") }

// Tool returns the path of a program that belongs to QEMU, from the build tree
// in QEMU_TEST_BUILD_DIR or else from PATH; qemu-img is the one of [Image], if
// there is one.
func Tool(name string) (string, error) {
	if name == "qemu-img" {
		if path, err := Image(); path != "" || err != nil {
			return path, err
		}
	}
	dir, err := BuildDir()
	if err != nil {
		return "", err
	}
	if dir != "" {
		path, err := exec.LookPath(filepath.Join(dir, name))
		if err != nil {
			return "", missing("%s is not in the QEMU build tree %s: build it there, or unset QEMU_TEST_BUILD_DIR", name, dir)
		}
		return path, nil
	}
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrDot) {
		return filepath.Abs(path)
	}
	if err != nil {
		return "", missing("%s is not in PATH: install it, or set QEMU_TEST_BUILD_DIR to a QEMU build tree", name)
	}
	return path, nil
}

// BuildDir returns the QEMU build tree that QEMU_TEST_BUILD_DIR names, "" if it
// names none.
func BuildDir() (string, error) {
	dir := os.Getenv("QEMU_TEST_BUILD_DIR")
	if dir == "" {
		return "", nil
	}
	dir, err := module.Path(dir)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(dir); err != nil {
		return "", fmt.Errorf("QEMU_TEST_BUILD_DIR: expected the directory of a QEMU build, absolute or from the root of the module: %w", err)
	} else if !info.IsDir() {
		return "", fmt.Errorf("QEMU_TEST_BUILD_DIR: expected the directory of a QEMU build, %s is a file", dir)
	}
	return dir, nil
}
