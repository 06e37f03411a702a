package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// event is a line of go test -json; see go doc test2json.
type event struct {
	Action  string
	Package string
	Test    string
	Key     string
	Value   string
}

// test is what a run tells of one test.
type test struct {
	pkg, name string
	outcome   string            // pass, fail or skip; empty when the run ended before
	attrs     map[string]string // as set with t.Attr
	parent    bool              // it has subtests, which are counted in its place
}

type run struct {
	tests    map[[2]string]*test
	failures []string // packages that failed
}

// readRun reads the output of go test -json. Lines that are no JSON, such as
// those of a build, are passed over.
func readRun(in io.Reader) (*run, error) {
	r := &run{tests: make(map[[2]string]*test)}
	lines := bufio.NewReader(in)
	events := 0
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		if json.Unmarshal(line, &e) == nil && e.Action != "" {
			events++
			r.add(e)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if events == 0 {
		return nil, errors.New("expected the output of go test -json, found no event in it")
	}
	return r, nil
}

func (r *run) add(e event) {
	if e.Test == "" {
		if e.Action == "fail" {
			r.failures = append(r.failures, e.Package)
		}
		return
	}
	t := r.test(e.Package, e.Test)
	switch e.Action {
	case "pass", "fail", "skip":
		t.outcome = e.Action
	case "attr":
		t.attrs[e.Key] = e.Value
	}
	if i := strings.LastIndexByte(e.Test, '/'); i >= 0 {
		r.test(e.Package, e.Test[:i]).parent = true
	}
}

func (r *run) test(pkg, name string) *test {
	key := [2]string{pkg, name}
	if r.tests[key] == nil {
		r.tests[key] = &test{pkg: pkg, name: name, attrs: make(map[string]string)}
	}
	return r.tests[key]
}

// leaves returns the tests without subtests, ordered by package and name.
func (r *run) leaves(outcome string) []*test {
	var list []*test
	for t := range maps.Values(r.tests) {
		if !t.parent && t.outcome == outcome {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b *test) int {
		return cmp.Or(strings.Compare(a.pkg, b.pkg), strings.Compare(a.name, b.name))
	})
	return list
}

// ok reports whether the run proves something: a test was executed, and none
// failed.
func (r *run) ok() bool {
	return len(r.failures) == 0 && len(r.leaves("fail")) == 0 && len(r.leaves("")) == 0 &&
		(r.executed() || r.precached())
}

// executed reports whether a test of QEMU has passed. The unit tests of the
// suite's own packages pass also where there is no QEMU at all: they count only
// in a run that has nothing else.
func (r *run) executed() bool {
	functional := false
	for t := range maps.Values(r.tests) {
		_, began := t.attrs["qemu.target"]
		if began && t.outcome == "pass" {
			return true
		}
		functional = functional || began || t.attrs["skip.kind"] != ""
	}
	return !functional && len(r.leaves("pass")) > 0
}

// precached reports whether the run was there to fill the cache, and did.
func (r *run) precached() bool {
	for _, t := range r.leaves("skip") {
		if t.attrs["skip.kind"] == "precached" {
			return true
		}
	}
	return false
}

func (r *run) write(out io.Writer) {
	r.writeSkips(out)
	r.writeFailures(out)
	passed, failed, skipped, open := r.leaves("pass"), r.leaves("fail"), r.leaves("skip"), r.leaves("")
	fmt.Fprintf(out, "\n%d passed, %d failed, %d skipped", len(passed), len(failed), len(skipped))
	if len(open) > 0 {
		fmt.Fprintf(out, ", %d did not end", len(open))
	}
	fmt.Fprintln(out)
	if len(failed)+len(open) == 0 && !r.executed() && !r.precached() {
		fmt.Fprintln(out, "NO TEST OF QEMU WAS EXECUTED: this run proves nothing")
	}
	if dir := r.logRoot(); dir != "" {
		fmt.Fprintf(out, "logs: %s\n", dir)
	}
}

// writeSkips lists the reasons of skips by kind, with how many tests each
// concerns and the first of them.
func (r *run) writeSkips(out io.Writer) {
	type reason struct{ kind, text string }
	tests := make(map[reason][]*test)
	for _, t := range r.leaves("skip") {
		why := reason{cmp.Or(t.attrs["skip.kind"], "other"), cmp.Or(t.attrs["skip.reason"], "t.Skip without a kind")}
		tests[why] = append(tests[why], t)
	}
	if len(tests) == 0 {
		return
	}
	reasons := slices.SortedFunc(maps.Keys(tests), func(a, b reason) int {
		return cmp.Or(strings.Compare(a.kind, b.kind), len(tests[b])-len(tests[a]), strings.Compare(a.text, b.text))
	})
	fmt.Fprintln(out, "\nskipped:")
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, why := range reasons {
		which := tests[why][0].name
		if n := len(tests[why]); n > 1 {
			which = fmt.Sprintf("%s and %d more", which, n-1)
		}
		fmt.Fprintf(table, "  %s\t%d\t%s\t%s\n", why.kind, len(tests[why]), which, why.text)
	}
	table.Flush()
}

func (r *run) writeFailures(out io.Writer) {
	failed := append(r.leaves("fail"), r.leaves("")...)
	if len(failed) > 0 {
		fmt.Fprintln(out, "\nfailed:")
	}
	for _, t := range failed {
		fmt.Fprintf(out, "  %s  %s\n", t.name, cmp.Or(t.attrs["qemu.log"], t.pkg))
	}
	for _, pkg := range r.failures {
		if !slices.ContainsFunc(failed, func(t *test) bool { return t.pkg == pkg }) {
			fmt.Fprintf(out, "\n%s failed outside of its tests: see its output above\n", pkg)
		}
	}
}

// logRoot returns the directory below which the logs of all tests are.
func (r *run) logRoot() string {
	root := ""
	for t := range maps.Values(r.tests) {
		dir := t.attrs["qemu.log"]
		if dir == "" {
			continue
		}
		target := "/" + t.attrs["qemu.target"] + "/"
		if i := strings.LastIndex(dir, target); i >= 0 {
			dir = dir[:i]
		}
		if root == "" || len(dir) < len(root) {
			root = dir
		}
	}
	return root
}
