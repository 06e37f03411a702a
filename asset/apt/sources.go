package apt

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// restricted returns the places of the machine's sources that are not for the architecture: apt passes over them without
// a word. What cannot be read is left out, as apt complains of it itself.
func (a *apt) restricted(ctx context.Context) []string {
	if a.suite != "" {
		return nil
	}
	out, _, err := a.run(ctx, a.config, "shell", "file", "Dir::Etc::sourcelist/f", "parts", "Dir::Etc::sourceparts/d")
	if err != nil {
		return nil
	}
	var files []string
	for _, m := range shellVariable.FindAllStringSubmatch(out, -1) {
		if m[1] == "file" {
			files = append(files, m[2])
			continue
		}
		entries, _ := os.ReadDir(m[2])
		for _, entry := range entries {
			if ext := filepath.Ext(entry.Name()); ext == ".list" || ext == ".sources" {
				files = append(files, filepath.Join(m[2], entry.Name()))
			}
		}
	}
	var places []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		find := restrictedLines
		if filepath.Ext(file) == ".sources" {
			find = restrictedStanzas
		}
		for _, line := range find(string(text), a.arch) {
			places = append(places, fmt.Sprintf("%s:%d", file, line))
		}
	}
	return places
}

// shellVariable matches the lines that "apt-config shell" prints.
var shellVariable = regexp.MustCompile(`(?m)^(file|parts)='(.*)'$`)

// sourceOptions matches a source of binary packages with options, in one line (sources.list(5)).
var sourceOptions = regexp.MustCompile(`^\s*deb\s+\[([^\]]*)\]`)

// restrictedLines returns the numbers of the lines with sources that exclude the architecture.
func restrictedLines(text, arch string) []int {
	var found []int
	number := 0
	for line := range strings.Lines(text) {
		number++
		m := sourceOptions.FindStringSubmatch(line)
		if m != nil && slices.ContainsFunc(strings.Fields(m[1]), func(option string) bool {
			name, value, _ := strings.Cut(option, "=")
			return name == "arch" && !lists(value, arch) || name == "arch-" && lists(value, arch)
		}) {
			found = append(found, number)
		}
	}
	return found
}

// restrictedStanzas is restrictedLines for the other form of sources, paragraphs of fields (deb822(5)). The lines are those
// where a source begins to tell its architectures.
func restrictedStanzas(text, arch string) []int {
	var found []int
	at := 0 // the line with the architectures, if those of the paragraph exclude this one
	used := true
	flush := func() {
		if at > 0 && used {
			found = append(found, at)
		}
		at, used = 0, true
	}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" {
			flush()
		}
		name, value, _ := strings.Cut(line, ":")
		switch strings.ToLower(name) {
		case "types":
			used = used && lists(value, "deb")
		case "enabled":
			used = used && !slices.Contains([]string{"no", "false", "without", "off", "disable", "0"}, strings.ToLower(strings.TrimSpace(value)))
		case "architectures":
			if !lists(value, arch) {
				at = number
			}
		case "architectures-remove":
			if lists(value, arch) {
				at = number
			}
		}
	}
	flush()
	return found
}

// lists reports whether a word is in a list of them, which has commas in the one form of sources and spaces in the other.
func lists(list, word string) bool {
	return slices.Contains(strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }), word)
}
