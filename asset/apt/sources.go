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

// source is an enabled source of binary packages (sources.list(5)).
type source struct {
	file string
	line int // where it begins, or where it tells its architectures

	uris, suites, components []string

	only, except []string // architectures; no only: all
}

// sources returns the machine's own sources. What cannot be read is left out, as apt complains of it itself.
func (a *apt) sources(ctx context.Context) []source {
	out, _, err := execute(ctx, a.dir, a.config, "shell", "file", "Dir::Etc::sourcelist/f", "parts", "Dir::Etc::sourceparts/d")
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
	var all []source
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		parse := sourceLines
		if filepath.Ext(file) == ".sources" {
			parse = sourceStanzas
		}
		for _, s := range parse(string(text)) {
			s.file = file
			all = append(all, s)
		}
	}
	return all
}

// shellVariable matches the lines that "apt-config shell" prints.
var shellVariable = regexp.MustCompile(`(?m)^(file|parts)='(.*)'$`)

// sourceLine matches a source in one line: its options, its URI, its suite, its components.
var sourceLine = regexp.MustCompile(`^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)([^#]*)`)

func sourceLines(text string) []source {
	var found []source
	number := 0
	for line := range strings.Lines(text) {
		number++
		m := sourceLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		s := source{line: number, uris: m[2:3], suites: m[3:4], components: strings.Fields(m[4])}
		for _, option := range strings.Fields(m[1]) {
			switch name, value, _ := strings.Cut(option, "="); name {
			case "arch":
				s.only = list(value)
			case "arch-":
				s.except = list(value)
			}
		}
		found = append(found, s)
	}
	return found
}

// sourceStanzas is sourceLines for the other form, paragraphs of fields (deb822(5)).
func sourceStanzas(text string) []source {
	var found []source
	var s source
	field, packages, enabled := "", false, true
	flush := func() {
		if packages && enabled {
			found = append(found, s)
		}
		s, field, packages, enabled = source{}, "", false, true
	}
	number := 0
	for line := range strings.Lines(text) {
		number++
		value := strings.TrimSpace(line)
		switch {
		case value == "":
			flush()
			continue
		case strings.HasPrefix(value, "#"):
			continue
		case !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t"):
			field, value, _ = strings.Cut(value, ":")
		}
		if s.line == 0 {
			s.line = number
		}
		switch words := list(value); strings.ToLower(field) {
		case "types":
			packages = packages || slices.Contains(words, "deb")
		case "enabled":
			enabled = !slices.Contains([]string{"no", "false", "without", "off", "disable", "0"}, strings.ToLower(strings.TrimSpace(value)))
		case "uris":
			s.uris = append(s.uris, words...)
		case "suites":
			s.suites = append(s.suites, words...)
		case "components":
			s.components = append(s.components, words...)
		case "architectures":
			s.only, s.line = append(s.only, words...), number
		case "architectures-remove":
			s.except, s.line = append(s.except, words...), number
		}
	}
	flush()
	return found
}

// excludes reports whether the source is not for an architecture.
func (s source) excludes(arch string) bool {
	return s.only != nil && !slices.Contains(s.only, arch) || slices.Contains(s.except, arch)
}

// list returns the words of a list, which has commas in the one form of sources and spaces in the other.
func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' })
}

// restricted returns the places of the machine's sources that are not for the architecture: apt passes over them without
// a word.
func (a *apt) restricted(ctx context.Context) []string {
	if a.suite != "" {
		return nil
	}
	var places []string
	for _, s := range a.sources(ctx) {
		if s.excludes(a.arch) {
			places = append(places, fmt.Sprintf("%s:%d", s.file, s.line))
		}
	}
	return places
}
