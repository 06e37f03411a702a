package apt

import (
	"regexp"
	"strings"
)

// parseStanza returns the fields of the first paragraph of a control file (deb822(5)). Continuation lines are joined with
// spaces.
func parseStanza(text string) map[string]string {
	fields := map[string]string{}
	last := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n\r")
		if strings.TrimSpace(line) == "" {
			if len(fields) > 0 {
				break
			}
			continue
		}
		if line[0] == ' ' || line[0] == '\t' {
			if last != "" {
				fields[last] += " " + strings.TrimSpace(line)
			}
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			last = ""
			continue
		}
		last = name
		fields[name] = strings.TrimSpace(value)
	}
	return fields
}

// dependency is one alternative of a Depends field: name, architecture qualifier, version with its relation.
var dependency = regexp.MustCompile(`^\s*([a-z0-9][a-z0-9+.-]+)(?::[a-z0-9-]+)?\s*(?:\(\s*(<<|<=|=|>=|>>)\s*([^\s)]+)\s*\))?`)

// parseDepends takes a Depends field apart (Debian Policy 7.1). What does not parse is left out.
func parseDepends(field string) [][]Dependency {
	var all [][]Dependency
	for _, group := range strings.Split(field, ",") {
		var alternatives []Dependency
		for _, text := range strings.Split(group, "|") {
			m := dependency.FindStringSubmatch(text)
			if m == nil {
				continue
			}
			d := Dependency{Name: m[1]}
			if m[2] == "=" {
				d.Version = m[3]
			}
			alternatives = append(alternatives, d)
		}
		if len(alternatives) > 0 {
			all = append(all, alternatives)
		}
	}
	return all
}
