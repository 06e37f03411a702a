package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/qemutest/functional/qemutest"
)

// listedTest is a test or subtest of the suite.
type listedTest struct {
	Package string // last element of the package's path: the target, or generic
	Name    string
	qemutest.Listing
}

// ID names the test in upstream.tsv: x86_64.TestX86HotplugCPU.
func (t listedTest) ID() string { return t.Package + "." + t.Name }

// listTests makes every test of the suite tell what it needs.
func listTests(ctx context.Context, root string) ([]listedTest, error) {
	packages, err := suitePackages(root)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json", "-count=1"}, packages...)...)
	cmd.Dir = root
	// Neither may hide a test, or fail it for being skipped.
	cmd.Env = append(os.Environ(), "QEMU_TEST_LIST=1", "QEMU_TEST_REQUIRE=", "GOFLAGS=")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("expected every test to tell what it needs; see what QEMU_TEST_LIST=1 %s says: %w\n%s",
			strings.Join(cmd.Args, " "), err, &stderr)
	}
	return parseEvents(&stdout)
}

// suitePackages returns the packages of the suite without those of its families,
// whose tests are the library's own: one of them runs this.
func suitePackages(root string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(root, "tests"))
	if err != nil {
		return nil, err
	}
	var packages []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != "internal" {
			packages = append(packages, "./tests/"+e.Name())
		}
	}
	return packages, nil
}

// parseEvents finds the listings in the output of go test -json, and sorts them
// by package and name. A test that passes without one and without subtests needs
// no emulator.
func parseEvents(in io.Reader) ([]listedTest, error) {
	var tests []listedTest
	parents := make(map[string]bool) // package and name
	for events := json.NewDecoder(in); ; {
		var e struct{ Action, Package, Test, Key, Value string }
		if err := events.Decode(&e); err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("reading the output of go test -json: %w", err)
		}
		t := listedTest{Package: path.Base(e.Package), Name: e.Test}
		if i := strings.LastIndexByte(e.Test, '/'); i >= 0 {
			parents[t.Package+"."+e.Test[:i]] = true
		}
		if e.Action == "pass" && e.Test != "" && !parents[t.ID()] {
			t.Target = t.Package
			tests = append(tests, t)
		}
		if e.Action != "attr" || e.Key != qemutest.ListAttribute {
			continue
		}
		if err := json.Unmarshal([]byte(e.Value), &t.Listing); err != nil {
			return nil, fmt.Errorf("reading the listing of %s: %w", t.ID(), err)
		}
		tests = append(tests, t)
	}
	slices.SortFunc(tests, func(a, b listedTest) int {
		return cmp.Or(strings.Compare(a.Package, b.Package), strings.Compare(a.Name, b.Name))
	})
	return tests, nil
}

// fold makes one of the subtests that a test has for every target, with "*" in
// the place of the target.
func fold(tests []listedTest) []listedTest {
	var folded []listedTest
	seen := make(map[string]bool)
	for _, t := range tests {
		parent, target, ok := strings.Cut(t.Name, "/")
		if t.Package != "generic" || !ok || target != t.Target {
			folded = append(folded, t)
			continue
		}
		if !seen[parent] {
			seen[parent] = true
			t.Name, t.Target = parent+"/*", "*"
			folded = append(folded, t)
		}
	}
	return folded
}
