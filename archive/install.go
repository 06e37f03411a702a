package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
)

// makeDirs makes dir and its parents and tells which were not there, the outermost first.
func makeDirs(dir string) (made []string, err error) {
	var missing []string
	for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		missing = append(missing, d)
	}
	for _, d := range slices.Backward(missing) {
		switch err := os.Mkdir(d, 0o777); {
		case err == nil:
			made = append(made, d)
		case !errors.Is(err, fs.ErrExist): // somebody else was faster: it is not ours to remove
			return made, err
		}
	}
	return made, nil
}

// install moves the staged members into the destination and removes the staging directory.
func (t *tree) install() error {
	if err := t.finishDirs(); err != nil {
		return err
	}
	m := move{tree: t}
	if err := m.merge("."); err != nil {
		if undoErr := m.undo(); undoErr != nil {
			t.keepStage = true
			return errors.Join(err, fmt.Errorf("what was replaced is kept in %q: %w", filepath.Join(t.dst, t.oldDir()), undoErr))
		}
		return err
	}
	return t.root.RemoveAll(t.stage)
}

// finishDirs gives the directories their modes and times, which writing into them would have spoilt. The owner keeps all
// rights, so that the tree can be moved, and removed after the test, by someone who is not root.
func (t *tree) finishDirs() error {
	var dirs []string
	for p, n := range t.nodes {
		if n.kind == kindDir {
			dirs = append(dirs, p)
		}
	}
	// Children before their parents: the name of a child begins with that of its parent.
	slices.Sort(dirs)
	for _, p := range slices.Backward(dirs) {
		n := t.nodes[p]
		if err := t.new.Chmod(p, n.mode|0o700); err != nil {
			return err
		}
		if err := t.setTime(p, n.modTime); err != nil {
			return err
		}
	}
	return nil
}

// move is the way of the staged members into the destination, with what is needed to go back.
type move struct {
	*tree
	renames [][2]string // from, to
}

// merge moves what is staged in dir.
func (m *move) merge(dir string) error {
	entries, err := fs.ReadDir(m.new.FS(), dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := m.place(path.Join(dir, e.Name()), e.IsDir()); err != nil {
			return err
		}
	}
	return nil
}

// place moves one staged member, a directory with all that is in it if there is none of its name yet.
func (m *move) place(p string, isDir bool) error {
	old, err := m.root.Lstat(p)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err := m.rename(path.Join(m.newDir(), p), p)
		if !isDir || !errors.Is(err, fs.ErrExist) {
			return err
		}
		return m.merge(p) // another extraction has made it just now
	case err != nil:
		return err
	case isDir && old.IsDir():
		return m.merge(p)
	case isDir:
		return fmt.Errorf("cannot extract the directory %q: %q is there already and no directory: remove it first",
			p, filepath.Join(m.dst, p))
	case old.IsDir():
		return fmt.Errorf("cannot extract the file %q: %q is there already and a directory: remove it first",
			p, filepath.Join(m.dst, p))
	}
	if err := m.rename(p, path.Join(m.oldDir(), strconv.Itoa(len(m.renames)))); err != nil {
		return err
	}
	return m.rename(path.Join(m.newDir(), p), p)
}

func (m *move) rename(from, to string) error {
	if err := m.root.Rename(from, to); err != nil {
		return err
	}
	m.renames = append(m.renames, [2]string{from, to})
	return nil
}

// undo takes all renames back.
func (m *move) undo() error {
	for _, r := range slices.Backward(m.renames) {
		if err := m.root.Rename(r[1], r[0]); err != nil {
			return err
		}
	}
	return nil
}
