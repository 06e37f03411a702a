package image

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// shortName is a name of the kind that FAT had first: eight characters and an
// extension of three, filled up with spaces.
type shortName [11]byte

// checksum binds the entries of a long name to that of the short one.
func (s shortName) checksum() byte {
	sum := byte(0)
	for _, c := range s {
		sum = sum>>1 | sum<<7
		sum += c
	}
	return sum
}

const (
	maxLongName = 255     // UTF-16 code units
	longPart    = 13      // code units in one directory entry
	maxTail     = 999_999 // the number after a tilde
)

// checkLongName says why FAT cannot have a name.
func checkLongName(name string) error {
	switch {
	case !utf8.ValidString(name):
		return errors.New("expected a name in UTF-8")
	case len(utf16.Encode([]rune(name))) > maxLongName:
		return fmt.Errorf("expected a name of at most %d UTF-16 code units, the limit of FAT", maxLongName)
	case strings.TrimRight(name, ". ") != name:
		return errors.New("expected a name that does not end with a dot or a space, which readers of FAT drop")
	case strings.HasPrefix(name, " "):
		return errors.New("expected a name that does not begin with a space, which readers of FAT drop")
	}
	for _, r := range name {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`"*:<>?\|`, r) {
			return fmt.Errorf("expected a name without %q, which FAT does not allow", r)
		}
	}
	return nil
}

// isShort reports whether short names may have a character.
func isShort(r rune) bool {
	return 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r < utf8.RuneSelf && strings.ContainsRune("!#$%&'()-@^_`{}~", r)
}

// asShortName returns a name that needs no long one beside it.
func asShortName(name string) (short shortName, ok bool) {
	base, extension, dotted := strings.Cut(name, ".")
	if base == "" || len(base) > 8 || len(extension) > 3 || dotted && extension == "" {
		return short, false
	}
	for _, r := range base + extension {
		if !isShort(r) {
			return short, false
		}
	}
	return joinShort(base, extension), true
}

func joinShort(base, extension string) (short shortName) {
	copy(short[:], bytes.Repeat([]byte{' '}, len(short)))
	copy(short[:8], base)
	copy(short[8:], extension)
	return short
}

// shortNames are those of one directory.
type shortNames struct {
	taken map[shortName]bool
	last  map[string]int // number after the tilde, by what is around it
}

// abbreviate returns a short name for a long one, that no other file has: what
// is left of the long name, and a number after a tilde unless that says it all.
func (s *shortNames) abbreviate(name string) (shortName, error) {
	upper := strings.ToUpper(name)
	if short, ok := asShortName(upper); ok && !s.taken[short] {
		s.taken[short] = true
		return short, nil
	}
	base, extension := upper, ""
	if dot := strings.LastIndexByte(upper, '.'); dot > 0 {
		base, extension = upper[:dot], upper[dot+1:]
	}
	base, extension = shorten(base), shorten(extension)
	base, extension = base[:min(len(base), 6)], extension[:min(len(extension), 3)]
	alike := base + "." + extension
	for s.last[alike] < maxTail {
		s.last[alike]++
		tail := fmt.Sprintf("~%d", s.last[alike])
		short := joinShort(base[:min(len(base), 8-len(tail))]+tail, extension)
		if !s.taken[short] {
			s.taken[short] = true
			return short, nil
		}
	}
	return shortName{}, errors.New("expected fewer names that begin alike: there is no short name left")
}

// shorten drops spaces and dots, and replaces what else short names cannot have.
func shorten(part string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '.':
			return -1
		case !isShort(r):
			return '_'
		}
		return r
	}, part)
}

// longParts returns the long name in parts of one directory entry each, or none
// if the short name is enough.
func (f *fatFile) longParts() [][]uint16 {
	if _, ok := asShortName(f.name); ok {
		return nil
	}
	units := utf16.Encode([]rune(f.name))
	if len(units)%longPart != 0 {
		units = append(units, 0)
		for len(units)%longPart != 0 {
			units = append(units, 0xffff)
		}
	}
	var parts [][]uint16
	for ; len(units) > 0; units = units[longPart:] {
		parts = append(parts, units[:longPart])
	}
	return parts
}
