package archive

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// tree is the destination of an extraction. Everything is written into a staging directory inside the destination and
// moved when it is complete; see install.
//
// Two things keep members inside. The tree knows every directory and link it has made, and works out by itself where a
// name leads, so that the paths it hands to the operating system contain no links. And those paths go through os.Root,
// which refuses whatever leads out should the first be wrong.
type tree struct {
	dst   string
	out   *sparseWriter
	made  []string // directories that were made for dst, the outermost first
	root  *os.Root // dst
	stage string   // name of the staging directory in root
	new   *os.Root // the part of the staging directory with the new members
	nodes map[string]*node
	// keepStage saves what was replaced and could not be put back.
	keepStage bool
}

// node is a member in the tree, under its clean name with no links in it.
type node struct {
	kind    kind
	target  string // of a symbolic link
	name    string // as stored in the archive
	offset  int64
	mode    fs.FileMode // of a directory, which gets it at the end
	modTime time.Time
}

// newTree makes the destination if it is not there, and the staging directory.
func newTree(dst string, out *sparseWriter) (t *tree, err error) {
	t = &tree{dst: dst, out: out, nodes: make(map[string]*node), stage: ".extract-" + rand.Text()}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.abandon())
			t.close()
		}
	}()
	if t.made, err = makeDirs(dst); err != nil {
		return t, err
	}
	if t.root, err = os.OpenRoot(dst); err != nil {
		return t, err
	}
	for _, dir := range []string{t.stage, t.newDir(), t.oldDir()} {
		if err = t.root.Mkdir(dir, 0o700); err != nil {
			return t, err
		}
	}
	t.new, err = t.root.OpenRoot(t.newDir())
	return t, err
}

// newDir is where members are staged, oldDir where what they replace is kept until all is well.
func (t *tree) newDir() string { return path.Join(t.stage, "new") }
func (t *tree) oldDir() string { return path.Join(t.stage, "old") }

// close releases the handles.
func (t *tree) close() {
	for _, root := range []*os.Root{t.new, t.root} {
		if root != nil {
			root.Close()
		}
	}
}

// abandon removes the staging directory, and the destination if it was made here.
func (t *tree) abandon() error {
	if t.keepStage {
		return nil
	}
	var err error
	if t.root != nil {
		err = t.root.RemoveAll(t.stage)
	}
	for _, dir := range slices.Backward(t.made) {
		// Somebody else may have put something there meanwhile: then it stays.
		if os.Remove(dir) != nil {
			break
		}
	}
	return err
}

// add puts a member into the tree; data is what the member holds, if it is a file.
func (t *tree) add(e *entry, data io.Reader) error {
	clean, err := cleanName(e.name)
	if err != nil {
		return err
	}
	if clean == "." {
		if e.kind != kindDir {
			return fmt.Errorf("the root of the archive is no directory: %w", ErrCorrupt)
		}
		return nil // the destination is the caller's, and so are its mode and time
	}
	dir, err := t.makeParents(path.Dir(clean))
	if err != nil {
		return err
	}
	p := path.Join(dir, path.Base(clean))
	n := &node{kind: e.kind, name: e.name, offset: e.offset, target: e.target, mode: e.mode, modTime: e.modTime}
	switch e.kind {
	case kindDir:
		return t.addDir(p, n)
	case kindSymlink:
		return t.addSymlink(p, n)
	case kindHardLink:
		return t.addHardLink(p, n, e, data)
	}
	return t.addFile(p, n, data)
}

// completes reports whether a member, which may not have been asked for, brings the data of a file that is in the tree:
// in newc archives the last of the hard links to a file does.
func (t *tree) completes(e *entry) bool {
	if e.kind != kindHardLink || e.size == 0 {
		return false
	}
	_, err := t.linkTarget(e)
	return err == nil
}

func (t *tree) addDir(p string, n *node) error {
	if old := t.nodes[p]; old != nil && old.kind == kindDir {
		t.nodes[p] = n
		return nil
	}
	if err := t.vacate(p); err != nil {
		return err
	}
	t.nodes[p] = n
	// Ours alone and writable until all members are in.
	return t.new.Mkdir(p, 0o700)
}

func (t *tree) addSymlink(p string, n *node) error {
	if n.target == "" || len(n.target) > maxName || strings.ContainsRune(n.target, 0) {
		return fmt.Errorf("symbolic link to %.100q, which can be no name: %w", n.target, ErrCorrupt)
	}
	if err := t.vacate(p); err != nil {
		return err
	}
	t.nodes[p] = n
	return t.new.Symlink(n.target, p)
}

func (t *tree) addFile(p string, n *node, data io.Reader) error {
	if err := t.vacate(p); err != nil {
		return err
	}
	t.nodes[p] = n
	// O_EXCL: never into what something else has put there, and never through a link.
	f, err := t.new.OpenFile(p, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return t.fill(f, p, n, data)
}

// fill writes the data, mode and time of a file and closes it.
func (t *tree) fill(f *os.File, p string, n *node, data io.Reader) error {
	if err := t.out.copy(f, data); err != nil {
		f.Close()
		return err
	}
	// After the data: writing takes setuid away.
	if err := f.Chmod(n.mode); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return t.setTime(p, n.modTime)
}

// setTime gives a file or directory the time in the archive, if that is one a file system can store.
func (t *tree) setTime(p string, modTime time.Time) error {
	if s := modTime.Unix(); s <= 0 || s >= 1<<33 {
		return nil
	}
	return t.new.Chtimes(p, modTime, modTime)
}

func (t *tree) addHardLink(p string, n *node, e *entry, data io.Reader) error {
	target, err := t.linkTarget(e)
	switch {
	case errors.Is(err, fs.ErrNotExist) && e.size > 0:
		// It has the data itself: the other name was not asked for.
		n.kind = kindFile
		return t.addFile(p, n, data)
	case err != nil:
		return err
	}
	if t.nodes[target].kind == kindSymlink {
		n.kind, n.target = kindSymlink, t.nodes[target].target
		return t.addSymlink(p, n)
	}
	if e.size > 0 {
		// The file was made under another name, to be filled from here. What is opened is a file from this archive, by a
		// path without links. It has its mode already, which may be a read-only one.
		if err := t.new.Chmod(target, 0o600); err != nil {
			return err
		}
		f, err := t.new.OpenFile(target, os.O_WRONLY|os.O_TRUNC, 0)
		if err != nil {
			return err
		}
		if err := t.fill(f, target, n, data); err != nil {
			return err
		}
	}
	if p == target {
		return nil
	}
	if err := t.vacate(p); err != nil {
		return err
	}
	n.kind = kindFile
	t.nodes[p] = n
	return t.new.Link(target, p)
}

// linkTarget finds the file or symbolic link that a hard link names. It has to come from the same archive: a link to
// something that was in the destination before would let the archive change it.
func (t *tree) linkTarget(e *entry) (string, error) {
	clean, err := cleanName(e.target)
	if err != nil {
		return "", fmt.Errorf("hard link to %q: %w", e.target, err)
	}
	dir, err := t.find(path.Dir(clean))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	p := path.Join(dir, path.Base(clean))
	n := t.nodes[p]
	switch {
	case err != nil || n == nil:
		return "", &missingLinkTarget{e.target}
	case n.kind == kindDir:
		return "", fmt.Errorf("hard link to the directory %q: %w", e.target, ErrCorrupt)
	}
	return p, nil
}

// missingLinkTarget says that a hard link leads to a member that was not extracted.
type missingLinkTarget struct{ target string }

func (e *missingLinkTarget) Error() string {
	return fmt.Sprintf("it is a hard link to %q, which was not extracted before it: if the archive has it, ask for both", e.target)
}

// Is makes it both: the member is not there, and if all members were asked for the archive is at fault.
func (e *missingLinkTarget) Is(target error) bool {
	return target == fs.ErrNotExist || target == ErrCorrupt
}

// vacate removes what an earlier member of the same archive has put at p.
func (t *tree) vacate(p string) error {
	if t.nodes[p] == nil {
		return nil
	}
	if err := t.new.Remove(p); err != nil {
		return fmt.Errorf("it comes twice in the archive, first as a directory with something in it (%v): %w", err, ErrCorrupt)
	}
	delete(t.nodes, p)
	return nil
}
