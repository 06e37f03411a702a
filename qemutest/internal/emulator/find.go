package emulator

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/qemutest/functional/qemutest/machine"
)

// A Missing is an emulator or tool that is not here, or not the one under test.
type Missing struct {
	Reason string // what is missing, and what to do about it; one line
}

func (e *Missing) Error() string { return e.Reason }

func missing(format string, args ...any) error {
	return &Missing{Reason: fmt.Sprintf(format, args...)}
}

// Find returns the path of the system emulator for a target, and what it can
// do: the one that QEMU_TEST_QEMU_BINARY names; else from the build tree in
// QEMU_TEST_BUILD_DIR; else from PATH. Which target the named one has, it is
// asked itself, because distributions rename them.
func Find(ctx context.Context, target string) (string, *machine.Capabilities, error) {
	path, err := system("qemu-system-" + target)
	if err != nil {
		return "", nil, err
	}
	capabilities, err := machine.Probe(ctx, path)
	named := os.Getenv(Env) != ""
	switch {
	case err != nil && named:
		return path, nil, fmt.Errorf("%s: %w", Env, err)
	case err != nil:
		return path, nil, err
	case capabilities.Target != target && named:
		return path, capabilities, missing("%s=%s emulates %s, this test is for %s", Env, path, capabilities.Target, target)
	case capabilities.Target != target:
		return path, capabilities, missing("%s emulates %s, this test is for %s", path, capabilities.Target, target)
	}
	return path, capabilities, nil
}

func system(name string) (string, error) {
	path, err := Program(Env, "an emulator")
	if err != nil {
		return "", err
	}
	if path == "" {
		return Tool(name)
	}
	base := filepath.Base(path)
	if strings.HasPrefix(base, "qemu-") && !strings.HasPrefix(base, "qemu-system-") && base != "qemu-kvm" {
		return "", missing("needs %s, QEMU_TEST_QEMU_BINARY is %s", name, path)
	}
	return path, nil
}

// User returns the path of the user-mode emulator for a target, which
// distributions that link it statically may call so. Its name alone tells what
// it is.
func User(target string) (string, error) {
	name := "qemu-" + target
	static := name + "-static"
	path, err := Program(Env, "an emulator")
	if err != nil {
		return "", err
	}
	if path != "" {
		if base := filepath.Base(path); base != name && base != static {
			return "", missing("needs %s, QEMU_TEST_QEMU_BINARY is %s", name, path)
		}
		return path, nil
	}
	path, err = Tool(name)
	if err != nil {
		if other, otherErr := Tool(static); otherErr == nil {
			return other, nil
		}
	}
	return path, err
}
