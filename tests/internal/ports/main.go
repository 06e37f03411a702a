// Command ports writes docs/ports.md: a table of the suite's tests with what
// each needs, and the subtests of QEMU's Python suite (tests/functional) that
// have no counterpart among them yet.
//
//	go run ./tests/internal/ports
//
// What a test needs comes from its code: with QEMU_TEST_LIST set, tests only
// tell. The counterparts are in upstream.tsv, which names every subtest of the
// Python suite.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// document is the path of the table below the root of the module.
const document = "docs/ports.md"

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "ports:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	text, err := generate(ctx, root)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, document), []byte(text), 0o644)
}

// generate returns the document for the tests as they are now.
func generate(ctx context.Context, root string) (string, error) {
	tests, err := listTests(ctx, root)
	if err != nil {
		return "", err
	}
	subtests, err := parseUpstream(upstreamTSV)
	if err != nil {
		return "", err
	}
	if err := checkCounterparts(subtests, tests); err != nil {
		return "", err
	}
	return render(fold(tests), subtests), nil
}

// moduleRoot returns the directory of go.mod.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("finding the root of the module: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}
