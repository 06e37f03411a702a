package gotest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/qemutest/functional/qemutest/guest"
)

// Run runs the binary in a guest that has what [Invocation.AddTo] adds, passes
// its output on as it comes, and brings its outputs back, whether it succeeds or
// not. The error says that it could not be run to its end or that an output
// could not be brought back; how it ended is in the result.
func (i Invocation) Run(ctx context.Context, g *guest.Guest, stdout, stderr io.Writer) (guest.Result, error) {
	result, err := g.Run(ctx, guest.Command{
		Args:   append([]string{i.Binary}, i.Args...),
		Env:    i.guestEnvironment(),
		Dir:    i.Dir,
		Stdout: stdout,
		Stderr: stderr,
	})
	if err != nil {
		return result, fmt.Errorf("running the test binary in the guest: %w", err)
	}
	var errs []error
	for _, output := range i.Outputs() {
		if err := bringBack(ctx, g, output); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return result, fmt.Errorf("bringing the outputs of the test binary back: %w", err)
	}
	return result, nil
}

// guestEnvironment returns the environment of the host without what describes
// the host: the guest has a temporary directory of its own, and its time zones
// elsewhere.
func (i Invocation) guestEnvironment() []string {
	env := slices.DeleteFunc(slices.Clone(i.environment()), func(entry string) bool {
		return strings.HasPrefix(entry, "TMPDIR=")
	})
	if zones := i.zones(); zones != "" {
		env = append(env, "ZONEINFO="+zones)
	}
	return env
}

// bringBack copies a file, or a directory with all that is in it, from the
// guest to the same path on the host.
func bringBack(ctx context.Context, g *guest.Guest, name string) error {
	info, err := g.Stat(ctx, name)
	if err != nil {
		return err
	}
	switch {
	case info.IsDir():
		return bringBackDir(ctx, g, name)
	case info.Mode().IsRegular():
		return bringBackFile(ctx, g, name, info.Mode().Perm())
	}
	return nil
}

func bringBackDir(ctx context.Context, g *guest.Guest, name string) error {
	if err := os.MkdirAll(name, 0o755); err != nil {
		return err
	}
	entries, err := g.ReadDir(ctx, name)
	if err != nil {
		return err
	}
	var errs []error
	for _, entry := range entries {
		errs = append(errs, bringBack(ctx, g, path.Join(name, entry.Name())))
	}
	return errors.Join(errs...)
}

// bringBackFile writes the file under its name only when it is complete.
func bringBackFile(ctx context.Context, g *guest.Guest, name string, mode fs.FileMode) (err error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	if err := errors.Join(g.Receive(ctx, name, file), file.Chmod(mode), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), name)
}
