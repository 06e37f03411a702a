package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
)

// Source is where an archive or a compressed file comes from: a file, or a stream.
type Source struct {
	// Path is the file to read. A file is better than a stream where there is a choice: the blocks of xz data are then
	// decoded in parallel, and zip needs no copy.
	Path string
	// Reader is read to its end instead if Path is empty. Cancelling the context does not interrupt a Read that blocks.
	Reader io.Reader
	// Name is what the format is guessed from: a file name, or a URL, of which the path counts. Files in a cache that
	// are named by their hash need it. Default: Path. It also names the source in errors.
	Name string
}

// File is the Source of a file whose own name tells its format.
func File(path string) Source { return Source{Path: path} }

// name is how the source is called in errors and what its format is guessed from.
func (s Source) name() string {
	switch {
	case s.Name != "":
		if u, err := url.Parse(s.Name); err == nil && u.Scheme != "" && u.Host != "" {
			return path.Base(u.Path)
		}
		return s.Name
	case s.Path != "":
		return filepath.Base(s.Path)
	}
	return "stream"
}

// open starts reading; the function it returns ends it.
func (s Source) open(ctx context.Context) (*input, func(), error) {
	if s.Path == "" {
		if s.Reader == nil {
			return nil, nil, errors.New("archive: a Source needs a Path or a Reader")
		}
		return newInput(ctx, s.Reader), func() {}, nil
	}
	f, err := os.Open(s.Path)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("cannot unpack %q: it is a directory", s.Path)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	if !info.Mode().IsRegular() { // a pipe
		return newInput(ctx, f), func() { f.Close() }, nil
	}
	return newSection(ctx, f, 0, info.Size()), func() { f.Close() }, nil
}

// spool makes random access of a stream, by way of a file that has no name any more. The result reads from the stream's
// next byte.
func (in *input) spool(limits Limits) (*input, func(), error) {
	f, err := os.CreateTemp("", "archive-*")
	if err != nil {
		return nil, nil, err
	}
	closeFile := func() { f.Close() }
	if err := os.Remove(f.Name()); err != nil {
		closeFile()
		return nil, nil, err
	}
	limit := newBudget(limits, in.length).limits.Size
	if limit < 0 {
		limit = 1<<63 - 2
	}
	n, err := io.Copy(f, io.LimitReader(in, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("the input has more than %d bytes: raise Limits.Size if that is right: %w", limit, ErrLimit)
	}
	if err != nil {
		closeFile()
		return nil, nil, err
	}
	return newSection(in.counter.ctx, f, 0, n), closeFile, nil
}
