package apt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/qemutest/functional/asset"
)

const (
	// recordLife is how long a name is taken to stand for the same release: new kernels do not come more often.
	recordLife = 7 * 24 * time.Hour
	// listLife is the age at which package lists are downloaded again before they are looked into.
	listLife = 24 * time.Hour
	// refreshLife is both when QEMU_TEST_REFRESH_CACHE is set.
	refreshLife = time.Hour
)

// state is what is kept for one architecture, of the machine's own sources or of a suite: apt's lists and caches, and
// records of what names resolved to.
type state struct {
	dir        string // absolute
	arch       string
	suite      string // "" for the machine's own sources
	recordLife time.Duration
	listLife   time.Duration
	noDownload bool
}

// openState returns the state for an architecture that the environment asks for.
func openState(arch, suite string) (*state, error) {
	root, opts, err := asset.Environment()
	if err != nil {
		return nil, err
	}
	s := &state{
		dir:        filepath.Join(root, "apt", strings.TrimSuffix(arch+"@"+suite, "@")),
		arch:       arch,
		suite:      suite,
		recordLife: recordLife,
		listLife:   listLife,
		noDownload: opts.NoDownload,
	}
	if opts.Refresh {
		s.recordLife, s.listLife = refreshLife, refreshLife
	}
	return s, nil
}

// known returns the release from the record if that is good enough.
func (s *state) known(p Package) (*Release, bool) {
	r, age := s.record(p)
	return r, r != nil && (age < s.recordLife || s.noDownload)
}

// resolve returns the release from the record if that is young enough, else from apt, else from the record all the same.
func (s *state) resolve(ctx context.Context, p Package, renew bool) (*Release, error) {
	if r, ok := s.known(p); ok && !renew {
		return r, nil
	}
	if s.noDownload {
		return nil, &Error{Package: p, Kind: Offline}
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, failure(ctx, p, err)
	}
	defer unlock()
	known, age := s.record(p) // another process may have asked meanwhile
	if known != nil && !renew && age < s.recordLife {
		return known, nil
	}
	r, err := s.ask(ctx, p, renew)
	if err != nil {
		if known != nil && !renew && ctx.Err() == nil {
			return known, nil
		}
		return nil, failure(ctx, p, err)
	}
	if err := s.keep(p, r); err != nil {
		return nil, failure(ctx, p, err)
	}
	return r, nil
}

// failure makes an [*Error] of whatever kept a package from being resolved.
func failure(ctx context.Context, p Package, err error) error {
	if ctx.Err() != nil {
		return &Error{Package: p, Kind: Canceled, Err: errors.Join(ctx.Err(), context.Cause(ctx))}
	}
	if isError(err) {
		return err
	}
	return &Error{Package: p, Kind: Failed, Err: err}
}

// ask updates the lists if they are old, and looks the package up in them.
func (s *state) ask(ctx context.Context, p Package, renew bool) (*Release, error) {
	a, err := s.prepare(ctx, p)
	if err != nil {
		return nil, err
	}
	updated := filepath.Join(s.dir, "updated")
	info, err := os.Stat(updated)
	if err == nil && time.Since(info.ModTime()) < s.listLife && !renew {
		r, err := a.lookUp(ctx, p)
		return r, a.explain(ctx, p, err)
	}
	output, updateErr := a.update(ctx)
	r, err := a.lookUp(ctx, p)
	switch {
	case err == nil:
		// One source of several may be in trouble without keeping the package from being found.
		return r, os.WriteFile(updated, nil, 0o666)
	case updateErr == nil:
		return nil, errors.Join(a.explain(ctx, p, err), os.WriteFile(updated, nil, 0o666))
	case isError(err):
		return nil, err
	case refused.MatchString(output):
		return nil, &Error{Package: p, Kind: Unsigned, Err: updateErr, Output: output}
	default:
		return nil, &Error{Package: p, Kind: Unreachable, Err: updateErr, Output: output}
	}
}

// refused matches what apt says of a source without a signature, or with one by a key that it does not have.
var refused = regexp.MustCompile(`(?m)^E: .* is not signed\.`)

// explain makes an [*Error] of why a package is not in the lists, if it is none yet.
func (a *apt) explain(ctx context.Context, p Package, err error) error {
	if err == nil || isError(err) {
		return err
	}
	return &Error{Package: p, Kind: Unknown, Err: err, Restricted: a.restricted(ctx)}
}

func isError(err error) bool {
	_, ok := errors.AsType[*Error](err)
	return ok
}

// download has apt download the file of a release, and returns its path. An error wraps [fs.ErrNotExist] when the archive
// does not have it any more.
func (s *state) download(ctx context.Context, p Package) (string, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	a, err := s.prepare(ctx, p)
	if err != nil {
		return "", err
	}
	if _, err := a.lookUp(ctx, p); err != nil {
		return "", fmt.Errorf("the package lists do not have %s any more: %w: %w", p, fs.ErrNotExist, err)
	}
	return a.download(ctx, p)
}

// prepare makes the directories of the state, and returns the apt that works in them.
func (s *state) prepare(ctx context.Context, p Package) (*apt, error) {
	a, err := findApt(s)
	if err != nil {
		return nil, &Error{Package: p, Kind: NoApt, Err: err}
	}
	if s.suite == "" {
		return a, a.configure("")
	}
	archive, err := a.archive(ctx)
	if err != nil {
		return nil, &Error{Package: p, Kind: Unknown, Err: err}
	}
	sources := filepath.Join(s.dir, "suite.sources")
	if err := os.WriteFile(sources, fmt.Appendf(nil, suiteSources, archive, s.suite), 0o644); err != nil {
		return nil, err
	}
	return a, a.configure(fmt.Sprintf(suiteConfiguration, sources))
}

// lock keeps other processes and goroutines from using this state.
func (s *state) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(s.dir, 0o777); err != nil {
		return nil, err
	}
	l := flock.New(filepath.Join(s.dir, "lock"))
	locked := make(chan error)
	go func() {
		// flock(2) knows no context: when ctx ends this stays behind until the lock is free, and frees it again.
		err := l.Lock()
		select {
		case locked <- err:
		case <-ctx.Done():
			_ = l.Unlock()
		}
	}()
	select {
	case err := <-locked:
		return func() { _ = l.Unlock() }, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// recordPath is the file that keeps what a package resolved to.
func (s *state) recordPath(p Package) string {
	return filepath.Join(s.dir, "resolved", strings.TrimSuffix(p.Name+"="+p.Version, "=")+".json")
}

// record returns what the package resolved to and how long ago, nil if that is not known. A record that cannot be read is
// as good as none.
func (s *state) record(p Package) (*Release, time.Duration) {
	path := s.recordPath(p)
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, 0
	}
	var r Release
	if err := json.Unmarshal(text, &r); err != nil || r.URL == "" || r.SHA256 == "" {
		return nil, 0
	}
	return &r, time.Since(info.ModTime())
}

func (s *state) keep(p Package, r *Release) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	path := s.recordPath(p)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", append(text, '\n'), 0o666); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
