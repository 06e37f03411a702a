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
		if len(p) > maxName {
			return "", errTooManyLinks
		}
		n := t.nodes[p]
		if n != nil && n.kind == kindSymlink {
			if links++; links > maxLinks || len(rest) > maxName {
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
		if err := t.out.budget.addFile(0); err != nil {
			return err
		}
		return t.addDir(p, &node{kind: kindDir, mode: 0o755})
	})
}

// find finds the directory in the tree that dir leads to, or gives fs.ErrNotExist.
func (t *tree) find(dir string) (string, error) {
	return t.follow(".", dir, func(string, *node) error { return fs.ErrNotExist })
}

// checkLinks refuses a symbolic link whose target, followed in the finished tree, climbs above its root. Only then is it
// known what the parts of the target are. Absolute targets do not climb, and a circle leads nowhere.
func (t *tree) checkLinks() (*entry, error) {
	for p, n := range t.nodes {
		if n.kind != kindSymlink {
			continue
		}
		if err := t.out.ctx.Err(); err != nil {
			return nil, err
		}
		_, err := t.follow(path.Dir(p), path.Base(p), func(string, *node) error { return nil })
		if errors.Is(err, errClimbs) {
			return &entry{name: n.name, offset: n.offset},
				fmt.Errorf("symbolic link to %q, which is outside: %w", n.target, ErrUnsafe)
		}
	}
	return nil, nil
}
