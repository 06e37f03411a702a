package asset

import (
	"context"
	"errors"
	"io/fs"
)

// Getter brings a file to this machine by other means than a GET request, for example with a package manager that knows
// its mirrors, and returns its path. The file is copied into the cache, and its hash is checked there; it may go
// afterwards.
//
// An error that wraps [fs.ErrNotExist] says that the source does not have the file (any more); any other one counts as
// [Unreachable], unless it is an [*Error] of another kind.
type Getter func(ctx context.Context) (path string, err error)

// Through returns an asset with the same URL and hash that get fetches, instead of a request to the URL's server. All
// else is as for other assets: one process at a time gets it, mirrors are asked before, QEMU_TEST_NO_DOWNLOAD forbids it.
// The URL may have any scheme.
func (a *Asset) Through(get Getter) *Asset {
	return &Asset{url: a.url, hash: a.hash, get: get}
}

// getterSource is an asset's own source where that is not a server.
type getterSource struct{ *Asset }

func (s getterSource) String() string { return redacted(s.url) }

func (s getterSource) fill(ctx context.Context, p *partial) error {
	path, err := s.get(ctx)
	if err == nil {
		return fileSource(path).fill(ctx, p)
	}
	if cause := ended(ctx); cause != nil {
		return cause
	}
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	kind := Unreachable
	if errors.Is(err, fs.ErrNotExist) {
		kind = NotFound
	}
	return &Error{Asset: p.a, Kind: kind, Source: s.String(), Root: p.c.root, Err: err}
}
