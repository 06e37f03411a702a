package gotest

import (
	"errors"
	"fmt"
	"os"

	"github.com/qemutest/functional/qemutest/internal/guard"
)

// scratchDir makes a directory that goes when it is released, or with this
// process.
func scratchDir() (dir string, release func(), err error) {
	dir, err = os.MkdirTemp("", "qemu-exec-")
	if err != nil {
		return "", nil, fmt.Errorf("making a directory for the guest's file system: %w", err)
	}
	unguard, err := guard.Dir(dir)
	if err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	return dir, func() {
		_ = os.RemoveAll(dir)
		unguard()
	}, nil
}
