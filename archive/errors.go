package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// What went wrong, for errors.Is. Every error of this package that is about the input, and not about the
// destination or the context, wraps one of these, fs.ErrNotExist (a missing member) or errors.ErrUnsupported.
var (
	// ErrTruncated means that the input ends before its format says so.
	ErrTruncated = errors.New("the input is cut short")
	// ErrCorrupt means that the input contradicts itself: a checksum, a size, a header field.
	ErrCorrupt = errors.New("the input is corrupt")
	// ErrFormat means that the format is unknown, or that the name and the first bytes of the input name two different ones.
	ErrFormat = errors.New("unknown or contradictory format")
	// ErrUnsafe means that a member would be written, or would point, outside the destination.
	ErrUnsafe = errors.New("the archive reaches outside the destination")
	// ErrLimit means that one of Limits was exceeded.
	ErrLimit = errors.New("limit exceeded")
)

// Error says where in which archive the trouble is. All errors of Extract, ReadMember and Decompress about their
// input are of this type.
type Error struct {
	// Source is the name of the archive or compressed file, as given by Source.
	Source string
	// Member is the name of the member as it is stored in the archive; empty if the fault is in no member.
	Member string
	// Offset is the byte of the archive, after decompression, where the header of the member is. For a deb it counts in
	// the tar archive inside, for a cpio archive of several segments in the current segment. Without a member it is how
	// much of the source had been read.
	Offset int64
	// Err is the reason.
	Err error
}

func (e *Error) Error() string {
	if e.Member == "" {
		return fmt.Sprintf("cannot unpack %q: %v", e.Source, e.Err)
	}
	return fmt.Sprintf("cannot unpack %q: member %q at byte %d: %v", e.Source, e.Member, e.Offset, e.Err)
}

// Unwrap gives the reason.
func (e *Error) Unwrap() error { return e.Err }

// MissingError says that members asked for by name are not in the archive. It matches fs.ErrNotExist.
type MissingError struct {
	// Members are the names asked for that are not there.
	Members []string
	// Near are the names in the archive that resemble the first of them most, the best first.
	Near []string
}

func (e *MissingError) Error() string {
	s := fmt.Sprintf("the archive has no member %s", quoteList(e.Members))
	if len(e.Near) > 0 {
		s += "; it has " + quoteList(e.Near)
	}
	return s
}

// Is reports whether target is fs.ErrNotExist.
func (e *MissingError) Is(target error) bool { return target == fs.ErrNotExist }

func quoteList(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(quoted, ", ")
}
