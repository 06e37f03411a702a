package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// maxLinks is how many symbolic links a name may lead through, as in Linux.
const maxLinks = 40

var (
	errClimbs       = fmt.Errorf("it leads out through a symbolic link: %w", ErrUnsafe)
	errTooManyLinks = fmt.Errorf("it leads through more than %d symbolic links: %w", maxLinks, ErrUnsafe)
)

// follow works out where name leads from the directory start, through the symbolic links that the archive has brought;
// the result has none. An absolute target starts at the root of the tree, as it does for a system that runs from it. What
// is at the way and neither a directory nor a link, possibly nothing, is for other to judge: without an error it is taken
// for a directory.
func (t *tree) follow(start, name string, other func(p string, n *node) error) (string, error) {
	current := start
	links := 0
	for rest := strings.Split(name, "/"); len(rest) > 0; {
		element := rest[0]
		rest = rest[1:]
		switch element {
		case "", ".":
			continue
		case "..":
			if current == "." {
				return "", errClimbs
			}
			current = path.Dir(current)
			continue
		}
		p := path.Join(current, element)
		n := t.nodes[p]
		if n != nil && n.kind == kindSymlink {
			if links++; links > maxLinks {
				return "", errTooManyLinks
			}
			if strings.HasPrefix(n.target, "/") {
				current = "."
			}
			rest = append(strings.Split(n.target, "/"), rest...)
			continue
		}
		if n == nil || n.kind != kindDir {
			if err := other(p, n); err != nil {
				return "", err
			}
		}
		current = p
	}
	return current, nil
}

// makeParents finds the directory in the tree that dir leads to. Archives need not have members for directories: one
// that is not there is made.
func (t *tree) makeParents(dir string) (string, error) {
	return t.follow(".", dir, func(p string, n *node) error {
		if n != nil {
			return fmt.Errorf("%q in its path is not a directory: %w", p, ErrCorrupt)
		}
		return t.addDir(p, &node{kind: kindDir, mode: 0o755})
	})
}

// find finds the directory in the tree that dir leads to, or gives fs.ErrNotExist.
func (t *tree) find(dir string) (string, error) {
	return t.follow(".", dir, func(string, *node) error { return fs.ErrNotExist })
}

// escapingLink looks for a symbolic link whose target, followed in the finished tree, climbs above its root. Absolute
// targets are not among them, and a circle leads nowhere.
func (t *tree) escapingLink() (name string, offset int64, err error) {
	for p, n := range t.nodes {
		if n.kind != kindSymlink {
			continue
		}
		_, err := t.follow(path.Dir(p), path.Base(p), func(string, *node) error { return nil })
		if errors.Is(err, errClimbs) {
			return n.name, n.offset, fmt.Errorf("symbolic link to %q, which is outside: %w", n.target, ErrUnsafe)
		}
	}
	return "", 0, nil
}
