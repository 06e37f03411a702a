package main

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
)

// upstreamTSV has a line for each subtest of the Python suite: its name, a tab,
// and the tests of this suite that prove what it proves, separated by blanks;
// none if it is not ported yet; or # and the reason why it never will be. Lines
// that begin with # are comments.
//
//go:embed upstream.tsv
var upstreamTSV string

// subtest is a subtest of the Python suite.
type subtest struct {
	Name         string   // x86_64/hotplug_cpu/HotPlugCPU.test_hotplug
	Counterparts []string // as [listedTest.ID] names them
	Reason       string   // why it has no counterpart for good
}

func parseUpstream(text string) ([]subtest, error) {
	var subtests []subtest
	seen := make(map[string]bool)
	for n, line := range strings.Split(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, counterparts, ok := strings.Cut(line, "\t")
		if !ok || strings.Count(name, "/") != 2 {
			return nil, fmt.Errorf("upstream.tsv:%d: expected target/file/Class.method, a tab, and tests; got %q", n+1, line)
		}
		if seen[name] {
			return nil, fmt.Errorf("upstream.tsv:%d: %s is there twice", n+1, name)
		}
		seen[name] = true
		if reason, ok := strings.CutPrefix(counterparts, "# "); ok {
			subtests = append(subtests, subtest{Name: name, Reason: reason})
			continue
		}
		subtests = append(subtests, subtest{Name: name, Counterparts: strings.Fields(counterparts)})
	}
	return subtests, nil
}

// checkCounterparts tells which counterparts do not exist. A test that has
// subtests can be named as a whole.
func checkCounterparts(subtests []subtest, tests []listedTest) error {
	exists := make(map[string]bool)
	for _, t := range tests {
		id := t.ID()
		for exists[id] = true; strings.Contains(id, "/"); exists[id] = true {
			id = id[:strings.LastIndexByte(id, '/')]
		}
	}
	var errs []error
	for _, s := range subtests {
		for _, id := range s.Counterparts {
			if !exists[id] {
				errs = append(errs, fmt.Errorf("upstream.tsv: %s has the counterpart %s, but there is no such test: name it as it is called now", s.Name, id))
			}
		}
	}
	return errors.Join(errs...)
}
