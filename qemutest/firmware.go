package qemutest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Firmware requires one of several firmware files, named relative to a
// directory in which QEMU or distributions keep firmware:
// "opensbi-riscv64-generic-fw_dynamic.bin", "OVMF/OVMF_CODE_4M.fd".
// [Test.Firmware] returns its path.
func Firmware(names ...string) Requirement {
	return &requirement{
		name:  "firmware " + strings.Join(names, " or "),
		stage: StageEmulator,
		check: func(_ context.Context, q *Test) error {
			_, err := findFirmware(q.emulator, names)
			return err
		},
	}
}

// Firmware returns the path of the first of the named firmware files that this
// host has, and skips the test if it has none. Names are as for the
// requirement [Firmware].
func (q *Test) Firmware(names ...string) string {
	q.t.Helper()
	path, err := findFirmware(q.emulator, names)
	if err != nil {
		q.end(err)
	}
	return path
}

// distributionDirs are the directories, beside QEMU's own, below which
// distributions install firmware.
var distributionDirs = []string{"/usr/share", "/usr/lib", "/usr/local/share", "/opt/homebrew/share"}

func findFirmware(emulator string, names []string) (string, error) {
	dirs, err := dataDirs(emulator)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		for _, dir := range slices.Concat(dirs, distributionDirs) {
			path := filepath.Join(dir, name)
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
				return path, nil
			}
		}
	}
	return "", Skipf(KindFirmware, "no %s in %s: install the package that brings it",
		strings.Join(names, " or "), strings.Join(dirs, " "))
}

// dataDirsTime bounds the run of an emulator that only prints a list.
const dataDirsTime = 20 * time.Second

// dataDirsOf holds the answer of each emulator to -L help.
var dataDirsOf sync.Map // path of the emulator to func() ([]string, error)

// dataDirs returns the directories in which the emulator looks for firmware.
func dataDirs(emulator string) ([]string, error) {
	once, _ := dataDirsOf.LoadOrStore(emulator, sync.OnceValues(func() ([]string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), dataDirsTime)
		defer cancel()
		out, err := exec.CommandContext(ctx, emulator, "-L", "help").Output()
		if err != nil {
			return nil, fmt.Errorf("asking %s for its data directories (-L help): %w", emulator, err)
		}
		return strings.Fields(string(out)), nil
	}))
	return once.(func() ([]string, error))()
}
