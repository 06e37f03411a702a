package archive

import (
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"
)

// selection is the set of members to extract.
type selection struct {
	wanted   []string // clean names
	asked    []string // as the caller wrote them
	found    []bool
	seen     []string // names in the archive, for suggestions
	seenSize int
}

// newSelection selects the named members, or all if there are no names.
func newSelection(names []string) (*selection, error) {
	s := &selection{asked: names, found: make([]bool, len(names))}
	for _, name := range names {
		clean, err := cleanName(name)
		if err != nil {
			return nil, fmt.Errorf("archive: cannot ask for member %q: %w", name, err)
		}
		s.wanted = append(s.wanted, clean)
	}
	return s, nil
}

// maxSeen bounds the memory for suggestions. 8 MiB.
const maxSeen = 8 << 20

// has reports whether a member is selected.
func (s *selection) has(name string) bool {
	if len(s.wanted) == 0 {
		return true
	}
	clean, err := cleanName(name)
	if err != nil {
		return false // nobody can have asked for it
	}
	if s.seenSize < maxSeen {
		s.seen = append(s.seen, clean)
		s.seenSize += len(clean)
	}
	selected := false
	for i, w := range s.wanted {
		if clean == w || w == "." || strings.HasPrefix(clean, w+"/") {
			s.found[i] = true
			selected = true
		}
	}
	return selected
}

// named reports whether a member was asked for by its own name, not by that of a directory it is in.
func (s *selection) named(name string) bool {
	clean, err := cleanName(name)
	return err == nil && slices.Contains(s.wanted, clean)
}

// missing returns a *MissingError if a selected member did not come.
func (s *selection) missing() error {
	var e MissingError
	for i, found := range s.found {
		if found {
			continue
		}
		if len(e.Members) == 0 {
			e.Near = nearest(s.wanted[i], s.seen)
		}
		e.Members = append(e.Members, s.asked[i])
	}
	if len(e.Members) == 0 {
		return nil
	}
	return &e
}

// nearest picks the names most like name: those with the same last element in another directory, then those that share
// the longest beginning and end, which finds the other version of a file.
func nearest(name string, names []string) []string {
	const most = 3
	score := func(candidate string) int {
		shared := len(commonPrefix(name, candidate)) + len(commonSuffix(name, candidate))
		if path.Base(candidate) == path.Base(name) {
			shared += len(name)
		}
		return shared
	}
	type scored struct {
		name  string
		score int
	}
	var list []scored
	for _, n := range names {
		// Less than half of the name in common is no resemblance.
		if s := score(n); 2*s >= len(name) {
			list = append(list, scored{n, s})
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].score > list[j].score })
	var near []string
	for _, s := range list[:min(len(list), most)] {
		near = append(near, s.name)
	}
	return near
}

func commonPrefix(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

func commonSuffix(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return a[len(a)-n:]
}

// maxName is the longest name of a member, and the longest target of a symbolic link: Linux's PATH_MAX. The work with names
// grows with the square of their length.
const maxName = 4096

// cleanName brings a member's name into the form that is used everywhere inside: relative, without "." elements. The
// root of the archive is ".". Names that lead out of the destination, or try to, are refused.
func cleanName(name string) (string, error) {
	switch {
	case name == "":
		return "", fmt.Errorf("the name is empty: %w", ErrUnsafe)
	case strings.HasPrefix(name, "/"):
		return "", fmt.Errorf("the name is absolute: %w", ErrUnsafe)
	case len(name) > maxName:
		return "", fmt.Errorf("the name has %d bytes, and %d is the limit: %w", len(name), maxName, ErrLimit)
	case strings.ContainsRune(name, 0):
		return "", fmt.Errorf("the name contains a NUL byte: %w", ErrUnsafe)
	}
	for element := range strings.SplitSeq(name, "/") {
		if element == ".." {
			return "", fmt.Errorf("the name contains %q: %w", "..", ErrUnsafe)
		}
	}
	return path.Clean(name), nil
}
