package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Options say how to read a source and what to take from it. The zero value takes everything, guesses the format and
// applies the default Limits.
type Options struct {
	// Format and Compression are guessed if they are empty. Set, they win over the name and the content.
	Format      Format
	Compression Compression
	// Members are the names of the members to extract; none means all. A leading "./" does not matter, here or in the
	// archive, and neither does a trailing slash. A directory stands for all that is in it. All that are named must be
	// there, and be something that can be extracted.
	Members []string
	// Limits bound the output.
	Limits Limits
	// Note is told of what was left out: device nodes, named pipes, sockets, and bytes after the end of a tar archive.
	// Default: nobody is told.
	Note func(text string)
}

func (o Options) note(format string, args ...any) {
	if o.Note != nil {
		o.Note(fmt.Sprintf(format, args...))
	}
}

// Extract unpacks src, or the members of it that opts name, into the directory dst, which is made if it is not there.
//
// Extract is all or nothing. Members are written into a hidden directory inside dst and moved into place when the whole
// archive has been read and was right to its last checksum. On an error the hidden directory goes, dst goes if Extract
// made it, and whatever was there before is as it was. On success a file replaces a file or link of the same name, and
// directories merge; a directory in place of a file, or a file in place of a directory, is an error.
func Extract(ctx context.Context, dst string, src Source, opts Options) error {
	a, err := openArchive(ctx, src, opts)
	if err != nil {
		return err
	}
	defer a.close()
	budget := newBudget(opts.Limits, a.in.length)
	t, err := newTree(dst, newSparseWriter(ctx, budget))
	if err != nil {
		return err
	}
	defer t.close()

	if err := a.extractTo(ctx, t, opts); err != nil {
		return errors.Join(err, t.abandon())
	}
	if err := t.install(); err != nil {
		return errors.Join(err, t.abandon())
	}
	return nil
}

// extractTo puts the chosen members into the tree and reads the archive to its verified end.
func (a *archive) extractTo(ctx context.Context, t *tree, opts Options) error {
	chosen, err := newSelection(opts.Members)
	if err != nil {
		return err
	}
	for {
		e, err := a.members.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return a.fault(e, err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if !chosen.has(e.name) && !t.completes(e) {
			continue
		}
		if e.kind == kindSpecial {
			if chosen.named(e.name) {
				return a.fault(e, fmt.Errorf("it is a %s, which is not extracted: %w", e.special, errors.ErrUnsupported))
			}
			opts.note("%s: %s skipped", e.name, e.special)
			continue
		}
		if err := t.out.budget.addFile(e.size); err != nil {
			return a.fault(e, err)
		}
		if err := t.add(e, a.members); err != nil {
			return a.fault(e, err)
		}
	}
	if err := chosen.missing(); err != nil {
		return &Error{Source: a.name, Offset: a.in.offset(), Err: err}
	}
	if e, err := t.checkLinks(); err != nil {
		return a.fault(e, err)
	}
	return nil
}

// fault adds source, member and offset to an error of the input. Errors of the destination and of the context stay as
// they are; the former name a path.
func (a *archive) fault(e *entry, err error) error {
	if !isClassified(err) {
		return err
	}
	f := &Error{Source: a.name, Offset: a.in.offset(), Err: err}
	if e != nil && e.name != "" {
		f.Member, f.Offset = e.name, e.offset
	}
	return f
}

// ReadMember returns the content of one regular file in src. The name follows the rules of Options.Members; what
// opts.Members says does not count. Like Extract it reads the archive to its end before it believes any of it.
func ReadMember(ctx context.Context, src Source, name string, opts Options) ([]byte, error) {
	if opts.Limits.Size == 0 {
		opts.Limits.Size = defaultMemorySize
	}
	opts.Members = []string{name}
	dir, err := os.MkdirTemp("", "archive-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := Extract(ctx, dir, src, opts); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	path, err := cleanName(name)
	if err != nil {
		return nil, err
	}
	info, err := root.Lstat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, &Error{Source: src.name(), Member: name, Err: errors.New("it is a directory, not a file")}
	case !info.Mode().IsRegular():
		target, _ := root.Readlink(path)
		return nil, &Error{Source: src.name(), Member: name, Err: fmt.Errorf("it is a symbolic link to %q: ask for that", target)}
	}
	// Its mode may be one that only root can read.
	if err := root.Chmod(path, 0o600); err != nil {
		return nil, err
	}
	return root.ReadFile(path)
}
