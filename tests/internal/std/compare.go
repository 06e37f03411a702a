package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

// test names a test; without a name, it is the package.
type test struct{ pkg, name string }

func (t test) String() string {
	if t.name == "" {
		return t.pkg
	}
	return t.pkg + "." + t.name
}

// outcomes are what became of tests: "pass", "fail" or "skip".
type outcomes map[test]string

// readOutcomes reads the output of go test -json.
func readOutcomes(r io.Reader) (outcomes, error) {
	found := outcomes{}
	decoder := json.NewDecoder(r)
	for {
		var event struct{ Action, Package, Test string }
		err := decoder.Decode(&event)
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, fmt.Errorf("expected output of go test -json: %w", err)
		}
		switch event.Action {
		case "run":
			// A test that does not end is one that fails.
			found[test{event.Package, event.Test}] = "fail"
		case "pass", "fail", "skip":
			found[test{event.Package, event.Test}] = event.Action
		}
	}
}

// A difference is a test that is not in the guest what it is on the host. A
// missing test is "-".
type difference struct {
	test
	native, guest string
}

func (d difference) String() string {
	return fmt.Sprintf("%s: %s on the host, %s in the guest", d.test, d.native, d.guest)
}

// compare returns the differences, sorted. Subtests of a test that did not run,
// and the package of a test that failed, say nothing more.
func compare(native, guest outcomes) []difference {
	all := maps.Clone(native)
	maps.Copy(all, guest)
	var found []difference
	failed := map[string]bool{}
	for t := range all {
		d := difference{t, cmp.Or(native[t], "-"), cmp.Or(guest[t], "-")}
		if d.native == d.guest {
			continue
		}
		found = append(found, d)
		failed[t.pkg] = failed[t.pkg] || t.name != "" && d.guest == "fail"
	}
	found = slices.DeleteFunc(found, func(d difference) bool {
		if d.name == "" {
			return failed[d.pkg]
		}
		parent, _, isSub := cutLast(d.name)
		above := test{d.pkg, parent}
		return isSub && native[above] != guest[above] && (d.guest == "-" || d.native == "-" || d.guest == "fail")
	})
	slices.SortFunc(found, func(a, b difference) int {
		return cmp.Or(cmp.Compare(a.pkg, b.pkg), cmp.Compare(a.name, b.name))
	})
	return found
}

func cutLast(name string) (before, after string, found bool) {
	at := strings.LastIndexByte(name, '/')
	if at < 0 {
		return name, "", false
	}
	return name[:at], name[at+1:], true
}

// An explanation is a line of the page's table.
type explanation struct {
	test          string
	architectures []string // nil for all
	guest         string   // outcome in the guest
}

type explanations []explanation

// row is a line of the table: the test, the architectures, the outcomes on the
// host and in the guest, and why.
var row = regexp.MustCompile("^\\| `([^`]+)` \\| ([^|]+) \\| (pass|fail|skip|-) \\| (pass|fail|skip|-) \\| ([^|]+) \\|$")

func readPage(path string) (explanations, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var known explanations
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if !strings.HasPrefix(lines.Text(), "| `") {
			continue
		}
		fields := row.FindStringSubmatch(lines.Text())
		if fields == nil {
			return nil, fmt.Errorf("expected a row of five columns in %s, but it is: %s", path, lines.Text())
		}
		e := explanation{test: fields[1], guest: fields[4]}
		if architectures := strings.TrimSpace(fields[2]); architectures != "all" {
			e.architectures = strings.Split(architectures, ", ")
		}
		known = append(known, e)
	}
	return known, lines.Err()
}

// explain returns the differences that no row explains. A row is for a test
// with its subtests.
func (known explanations) explain(arch string, found []difference) []difference {
	var left []difference
	for _, d := range found {
		if !slices.ContainsFunc(known, func(e explanation) bool { return e.is(arch, d) }) {
			left = append(left, d)
		}
	}
	return left
}

func (e explanation) is(arch string, d difference) bool {
	name := d.test.String()
	return (name == e.test || strings.HasPrefix(name, e.test+"/")) && e.guest == d.guest &&
		(e.architectures == nil || slices.Contains(e.architectures, arch))
}
