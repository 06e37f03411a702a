package main

import (
	"cmp"
	"fmt"
	"path"
	"strings"
)

// render writes the document.
func render(tests []listedTest, subtests []subtest) string {
	ported := make(map[string][]string) // ID of a test to subtests
	var missing, left []string
	for _, s := range subtests {
		for _, id := range s.Counterparts {
			ported[id] = append(ported[id], "`"+s.Name+"`")
		}
		if s.Reason != "" {
			left = append(left, fmt.Sprintf("- `%s`: %s\n", s.Name, s.Reason))
		} else if len(s.Counterparts) == 0 {
			missing = append(missing, s.Name)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `# Ports

Made by `+"`make ports`"+` from the code of the tests and tests/internal/ports/upstream.tsv: do not edit.

The suite has %d tests, subtests counted and those for every target (*) counted once. Of the %d subtests of
QEMU's Python suite, %d have a counterpart here.

Gates are what must be asked for, by the environment or by leaving out -short; needs are what is checked before the
test starts. Upstream subtests are those of tests/functional in QEMU's source tree, "test_" of their files left out.

## Tests

| target | test | machine | tier | timeout | assets | gates | needs | upstream |
|---|---|---|---|---|---|---|---|---|
`, len(tests), len(subtests), len(subtests)-len(missing)-len(left))
	for _, t := range tests {
		writeRow(&b, t, counterparts(t, ported))
	}
	b.WriteString("\n## Not ported yet\n\n")
	for _, name := range missing {
		fmt.Fprintf(&b, "- `%s`\n", name)
	}
	if len(missing) == 0 {
		b.WriteString("Nothing.\n")
	}
	if len(left) > 0 {
		b.WriteString("\n## Not to be ported\n\n" + strings.Join(left, ""))
	}
	return b.String()
}

// counterparts returns the subtests that a test, or the test that it is a
// subtest of, is the counterpart of.
func counterparts(t listedTest, ported map[string][]string) []string {
	for id := t.ID(); ; {
		if list := ported[id]; list != nil {
			return list
		}
		i := strings.LastIndexByte(id, '/')
		if i < 0 {
			return nil
		}
		id = id[:i]
	}
}

func writeRow(b *strings.Builder, t listedTest, upstream []string) {
	tier, machine, timeout := "quick", t.Machine, ""
	if t.Timeout > 0 {
		timeout = t.Timeout.String()
	}
	if t.Thorough {
		tier = "thorough"
	}
	if t.UserMode {
		machine = "(user mode)"
	}
	var assets []string
	for _, a := range t.Assets {
		if name, ok := strings.CutPrefix(a.URL, "apt:"); ok {
			assets = append(assets, "package "+name)
			continue
		}
		assets = append(assets, fmt.Sprintf("[%s](%s)", assetName(a.URL), a.URL))
	}
	cells := []string{
		t.Target, t.Name, machine, tier, timeout, list(assets), list(t.Gates), list(t.Needs), list(upstream),
	}
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(cmp.Or(cell, "–"), "|", `\|`)
	}
	fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
}

// assetName returns the last element of a URL's path.
func assetName(url string) string {
	url, _, _ = strings.Cut(url, "?")
	return path.Base(url)
}

func list(items []string) string { return strings.Join(items, "<br>") }
